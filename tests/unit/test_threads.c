/* The pool: every item once, in any number of threads, with the floating-point state kept. */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "base/alloc.h"
#include "base/threads.h"
#include "test.h"

enum { MAX_ITEMS = 700, MAX_THREADS = 5 };
static const int thread_counts[] = {1, 2, 3, MAX_THREADS};

typedef struct count_job {
    int hits[MAX_ITEMS]; /* plain: the phase's barrier must order them */
    int n_threads, bad_worker;
} count_job;

static void count_item(void *user, int item, int worker) {
    count_job *job = user;
    job->hits[item]++;
    if (worker < 0 || worker >= job->n_threads) job->bad_worker = 1;
}

static wf_pool *new_pool(int n_threads) {
    wf_context cx = {0};
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, n_threads));
    CHECK_INT(wf_pool_size(pool), n_threads);
    return pool;
}

TEST(every_item_runs_once_in_each_of_many_phases) {
    enum { PHASES = 3000 };
    for (size_t t = 0; t < sizeof thread_counts / sizeof *thread_counts; t++) {
        wf_pool *pool = new_pool(thread_counts[t]);
        count_job job = {.n_threads = thread_counts[t]};
        long expected[MAX_ITEMS] = {0};
        for (int phase = 0; phase < PHASES; phase++) {
            int n = phase % 100 == 0 ? MAX_ITEMS : phase % 17;
            wf_pool_run(pool, count_item, &job, n);
            for (int i = 0; i < n; i++) expected[i]++;
        }
        for (int i = 0; i < MAX_ITEMS; i++) CHECK_INT(job.hits[i], expected[i]);
        CHECK(!job.bad_worker);
        wf_pool_destroy(pool);
    }
}

/* Each phase reads what others wrote in the one before. */
typedef struct chain_job {
    int64_t from[64], to[64];
} chain_job;

static void chain_item(void *user, int item, int worker) {
    chain_job *job = user;
    (void)worker;
    job->to[item] = job->from[(item + 1) % 64] + job->from[(item + 63) % 64] % 1000;
}

static void chain_copy(void *user, int item, int worker) {
    chain_job *job = user;
    (void)worker;
    job->from[item] = job->to[item];
}

TEST(a_phase_sees_all_of_the_phase_before) {
    chain_job reference = {0};
    for (size_t t = 0; t < sizeof thread_counts / sizeof *thread_counts; t++) {
        wf_pool *pool = new_pool(thread_counts[t]);
        chain_job job = {0};
        for (int i = 0; i < 64; i++) job.from[i] = i;
        for (int round = 0; round < 40; round++) {
            wf_pool_run(pool, chain_item, &job, 64);
            wf_pool_run(pool, chain_copy, &job, 64);
        }
        if (t == 0) reference = job;
        for (int i = 0; i < 64; i++) CHECK_INT(job.from[i], reference.from[i]);
        wf_pool_destroy(pool);
    }
}

static void nap_item(void *user, int item, int worker) {
    (void)worker;
    if (item == 3) nanosleep(&(struct timespec){0, 3000000}, NULL);
    atomic_fetch_add((atomic_int *)user, 1);
}

TEST(the_caller_waits_for_a_slow_item_and_workers_wake_after_a_pause) {
    wf_pool *pool = new_pool(3);
    atomic_int done = 0;
    for (int round = 1; round <= 4; round++) {
        nanosleep(&(struct timespec){0, 2000000}, NULL); /* long enough for workers to sleep */
        wf_pool_run(pool, nap_item, &done, 8);
        CHECK_INT(atomic_load(&done), 8 * round);
    }
    wf_pool_destroy(pool);
}

#if defined(__SSE2__)
typedef struct float_job {
    unsigned state[64];
    float product[64];
    volatile float tiny;
} float_job;

static void float_item(void *user, int item, int worker) {
    float_job *job = user;
    (void)worker;
    job->state[item] = _mm_getcsr();
    job->product[item] = job->tiny * 0.5f;
}

TEST(denormals_are_flushed_while_items_run_and_the_state_is_restored) {
    unsigned original = _mm_getcsr(), odd = (original & ~0x6000u) | 0x4000u | 0x20u; /* round up */
    for (size_t t = 0; t < sizeof thread_counts / sizeof *thread_counts; t++) {
        for (int n = 1; n <= 64; n += 63) {
            float_job job = {.tiny = 1.5e-38f};
            _mm_setcsr(odd);
            wf_pool *pool = NULL;
            wf_context cx = {0};
            wf_status status = wf_pool_create(&pool, &cx, thread_counts[t]);
            if (pool) wf_pool_run(pool, float_item, &job, n);
            unsigned after = _mm_getcsr();
            _mm_setcsr(original);
            CHECK_INT(status, WF_OK);
            CHECK_INT(after, odd);
            for (int i = 0; i < n; i++) {
                CHECK_INT(job.state[i] & 0xFFC0u, 0x1F80u | 0x8040u);
                CHECK(job.product[i] == 0.0f);
            }
            wf_pool_destroy(pool);
        }
    }
}
#endif

static volatile sig_atomic_t signals_on_worker;
static _Thread_local int is_main_thread;
static void on_signal(int number) {
    (void)number;
    if (!is_main_thread) signals_on_worker = 1;
}

static void raise_item(void *user, int item, int worker) {
    (void)user;
    if (item % 8 == 0 && worker == 0) raise(SIGUSR1);
}

TEST(workers_take_no_signals) {
    struct sigaction action = {.sa_handler = on_signal}, before;
    is_main_thread = 1;
    sigaction(SIGUSR1, &action, &before);
    wf_pool *pool = new_pool(3);
    for (int i = 0; i < 50; i++) {
        wf_pool_run(pool, raise_item, NULL, 64);
        kill(getpid(), SIGUSR1);
    }
    wf_pool_destroy(pool);
    sigaction(SIGUSR1, &before, NULL);
    CHECK(!signals_on_worker);
}

TEST(no_thread_count_means_all_cpus) {
    wf_context cx = {0};
    wf_pool *pool = NULL;
    CHECK_OK(&cx, wf_pool_create(&pool, &cx, 0));
    CHECK_INT(wf_pool_size(pool), wf_cpu_count());
    wf_pool_destroy(pool);
}

TEST(wrong_thread_counts_are_refused) {
    wf_context cx = {0};
    wf_pool *pool = NULL;
    CHECK_FAILS(&cx, wf_pool_create(&pool, &cx, -1), WF_E_ARG);
    CHECK_FAILS(&cx, wf_pool_create(&pool, &cx, 1000000), WF_E_ARG);
    CHECK(pool == NULL);
    CHECK(wf_cpu_count() >= 1);
    wf_pool_destroy(NULL);
}

TEST(creation_survives_every_failing_allocation) {
    wf_context cx = {0};
    for (int k = 1; k <= 3; k++) {
        wf_pool *pool = NULL;
        wf__alloc_fail_at(k);
        wf_status status = wf_pool_create(&pool, &cx, 3);
        wf__alloc_fail_at(0);
        CHECK_INT(status, WF_E_NOMEM);
        CHECK(pool == NULL);
    }
}

static void empty_item(void *user, int item, int worker) {
    (void)user;
    (void)item;
    (void)worker;
}

/* No bound: another program may hold the CPUs. The figure is for the reader. */
TEST(time_of_an_empty_phase) {
    enum { PHASES = 5000 };
    for (size_t t = 0; t < sizeof thread_counts / sizeof *thread_counts; t++) {
        struct timespec a, b;
        wf_pool *pool = new_pool(thread_counts[t]);
        wf_pool_run(pool, empty_item, NULL, 16);
        clock_gettime(CLOCK_MONOTONIC, &a);
        for (int i = 0; i < PHASES; i++) wf_pool_run(pool, empty_item, NULL, 16);
        clock_gettime(CLOCK_MONOTONIC, &b);
        double us = ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / 1e3;
        printf("   %d threads on %d CPUs: %.2f us per phase of 16 empty items\n", thread_counts[t],
               wf_cpu_count(), us / PHASES);
        CHECK(us > 0);
        wf_pool_destroy(pool);
    }
}

TEST_MAIN()
