#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "base/alloc.h"
#include "base/clock.h"

/* How one phase is handed out: `ticket` holds the phase's number (high half) and how many items are
 * still to be taken (low half). A worker takes an item by compare-and-swap on the whole word, so a
 * worker that comes late can neither take an item twice nor one of another phase, and the caller
 * need not wait for workers that took nothing. `fn`, `user` and `n_items` are only written between
 * phases, when the low half is 0; a worker that reads them too early therefore fails its swap. */
enum {
    POOL_MAX_THREADS = 1024,
    POOL_SPIN_NS = 50000,
    POOL_PAUSES_PER_LOOK = 8,
    POOL_WAKING_NS = 2000000 /* short phases wake workers at most so often */
};

struct wf_pool {
    _Alignas(64) _Atomic uint64_t ticket;
    _Alignas(64) atomic_int done; /* finished items of this phase */
    _Alignas(64) _Atomic(wf_pool_fn) fn;
    _Atomic(void *) user;
    atomic_int n_items;
    _Alignas(64) atomic_int sleepers; /* workers that wait on `work` */
    atomic_int is_caller_asleep;      /* on `idle` */
    atomic_int is_stopping;
    pthread_mutex_t mutex;
    pthread_cond_t work, idle;
    int n_threads, n_started;
    int64_t spin_ns;
    int64_t used_since_ns, used_ns, woken_ns; /* by short phases; the caller's */
    pthread_t *threads;                       /* [n_threads - 1] */
    struct pool_seat *seats;                  /* [n_threads - 1] */
};

/* What one thread is given at its start. */
struct pool_seat {
    struct wf_pool *pool;
    int worker;
};

/* ---- floating-point state ---- */

#if defined(__SSE2__)
/* Round to nearest, every exception masked, denormals are zero on both sides. */
enum { POOL_MXCSR = 0x1F80 | 0x8040 };
static unsigned float_state_set(void) {
    unsigned before = _mm_getcsr();
    _mm_setcsr(POOL_MXCSR);
    return before;
}
static void float_state_restore(unsigned before) { _mm_setcsr(before); }
static void spin_pause(void) { _mm_pause(); }
#else
static unsigned float_state_set(void) { return 0; }
static void float_state_restore(unsigned before) { (void)before; }
static void spin_pause(void) { sched_yield(); }
#endif

/* ---- waiting ---- */

static int has_work(wf_pool *pool) {
    return (uint32_t)atomic_load(&pool->ticket) != 0 || atomic_load(&pool->is_stopping);
}

static int is_phase_over(wf_pool *pool) {
    return atomic_load(&pool->done) == atomic_load_explicit(&pool->n_items, memory_order_relaxed);
}

/* Looks at `is_true` for the pool's spinning time. */
static int spin_until(wf_pool *pool, int (*is_true)(wf_pool *)) {
    if (is_true(pool)) return 1;
    if (pool->spin_ns == 0) return 0;
    int64_t deadline = wf_clock_ns() + pool->spin_ns;
    do {
        for (int i = 0; i < POOL_PAUSES_PER_LOOK; i++) {
            spin_pause();
            if (is_true(pool)) return 1;
        }
    } while (wf_clock_ns() < deadline);
    return 0;
}

/* The sleeper raises its flag and then looks at the state; who changes the state looks at the flag
 * afterwards. All four are sequentially consistent, so one of the two sees the other. */
static void wait_for_work(wf_pool *pool) {
    if (spin_until(pool, has_work)) return;
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (!has_work(pool)) pthread_cond_wait(&pool->work, &pool->mutex);
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void wait_for_end(wf_pool *pool) {
    if (spin_until(pool, is_phase_over)) return;
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->is_caller_asleep, 1);
    while (!is_phase_over(pool)) pthread_cond_wait(&pool->idle, &pool->mutex);
    atomic_store(&pool->is_caller_asleep, 0);
    pthread_mutex_unlock(&pool->mutex);
}

static void wake_workers(wf_pool *pool) {
    if (atomic_load(&pool->sleepers) == 0) return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
}

static void wake_caller(wf_pool *pool) {
    if (!atomic_load(&pool->is_caller_asleep)) return;
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_signal(&pool->idle);
    pthread_mutex_unlock(&pool->mutex);
}

/* ---- working ---- */

/* Takes and runs items until none is left. */
static void run_items(wf_pool *pool, int worker) {
    uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    while ((uint32_t)ticket != 0) {
        wf_pool_fn fn = atomic_load_explicit(&pool->fn, memory_order_relaxed);
        void *user = atomic_load_explicit(&pool->user, memory_order_relaxed);
        int n_items = atomic_load_explicit(&pool->n_items, memory_order_relaxed);
        if (!atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket - 1,
                                                   memory_order_acq_rel, memory_order_acquire))
            continue;
        fn(user, n_items - (int)(uint32_t)ticket, worker);
        if (atomic_fetch_add(&pool->done, 1) + 1 == n_items && worker != 0) wake_caller(pool);
        ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    }
}

static void *worker_main(void *seat_pointer) {
    struct pool_seat *seat = seat_pointer;
    wf_pool *pool = seat->pool;
    float_state_set(); /* nothing but items runs on this thread */
    while (!atomic_load(&pool->is_stopping)) {
        wait_for_work(pool);
        run_items(pool, seat->worker);
    }
    return NULL;
}

static void run(wf_pool *pool, wf_pool_fn fn, void *user, int n_items, int is_waking) {
    if (n_items <= 0) return;
    unsigned before = float_state_set();
    if (pool->n_threads == 1 || n_items == 1) {
        for (int item = 0; item < n_items; item++) fn(user, item, 0);
    } else {
        uint64_t phase = (atomic_load_explicit(&pool->ticket, memory_order_relaxed) >> 32) + 1;
        atomic_store_explicit(&pool->fn, fn, memory_order_relaxed);
        atomic_store_explicit(&pool->user, user, memory_order_relaxed);
        atomic_store_explicit(&pool->n_items, n_items, memory_order_relaxed);
        atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
        atomic_store(&pool->ticket, phase << 32 | (uint32_t)n_items);
        if (is_waking) wake_workers(pool);
        run_items(pool, 0);
        wait_for_end(pool);
    }
    float_state_restore(before);
}

void wf_pool_run(wf_pool *pool, wf_pool_fn fn, void *user, int n_items) {
    run(pool, fn, user, n_items, 1);
}

void wf_pool_run_short(wf_pool *pool, wf_pool_fn fn, void *user, int n_items) {
    int is_waking = 0;
    if (pool->n_threads > 1 && n_items > 1) { /* else nobody is asked */
        const int64_t now = wf_clock_ns();
        if (now - pool->used_ns > pool->spin_ns) pool->used_since_ns = now;
        pool->used_ns = now;
        is_waking =
            now - pool->used_since_ns > POOL_WAKING_NS && now - pool->woken_ns > POOL_WAKING_NS;
        if (is_waking) pool->woken_ns = now;
    }
    run(pool, fn, user, n_items, is_waking);
}

/* ---- birth and death ---- */

/* Workers take no signals, which are the caller's business; but for those that their own
 * instructions raise: blocked, they would kill the process in spite of a handler. */
static wf_status start_workers(wf_pool *pool, wf_context *cx) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    sigset_t others, before;
    int error = 0;
    sigfillset(&others);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&others, own[i]);
    pthread_sigmask(SIG_SETMASK, &others, &before);
    for (int i = 0; i < pool->n_threads - 1 && !error; i++) {
        pool->seats[i] = (struct pool_seat){pool, i + 1};
        error = pthread_create(&pool->threads[i], NULL, worker_main, &pool->seats[i]);
        if (!error) pool->n_started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    WF_REQUIRE(!error, WF_E_IO, "cannot start thread %d of %d: %s | use fewer threads",
               pool->n_started + 2, pool->n_threads, strerror(error));
    return WF_OK;
}

wf_status wf_pool_create(wf_pool **out, wf_context *cx, int n_threads) {
    wf_pool *pool = NULL;
    wf_status status;
    WF_REQUIRE(n_threads >= 0 && n_threads <= POOL_MAX_THREADS, WF_E_ARG,
               "%d threads: must be 1 to %d, or 0 for all CPUs", n_threads, POOL_MAX_THREADS);
    if (n_threads == 0) n_threads = wf_cpu_count();
    WF_TRY(wf_alloc(&pool, cx, 1, sizeof *pool));
    pool->n_threads = n_threads;
    /* More workers than CPUs: who spins keeps the one it waits for from running. */
    pool->spin_ns = n_threads <= wf_cpu_count() ? POOL_SPIN_NS : 0;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->idle, NULL);
    WF_TRY_OR(wf_alloc(&pool->threads, cx, (size_t)n_threads - 1, sizeof *pool->threads));
    WF_TRY_OR(wf_alloc(&pool->seats, cx, (size_t)n_threads - 1, sizeof *pool->seats));
    WF_TRY_OR(start_workers(pool, cx));
    *out = pool;
    return WF_OK;
done:
    wf_pool_destroy(pool);
    return status;
}

void wf_pool_destroy(wf_pool *pool) {
    if (!pool) return;
    atomic_store(&pool->is_stopping, 1);
    wake_workers(pool);
    for (int i = 0; i < pool->n_started; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->idle);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
    wf_free(pool->seats);
    wf_free(pool->threads);
    wf_free(pool);
}

int wf_pool_size(const wf_pool *pool) { return pool->n_threads; }

int wf_cpu_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}
