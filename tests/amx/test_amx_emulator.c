/* The emulator itself: shapes other than those of the kernels, addressing, and what a CPU refuses.
 * On a CPU with AMX the same instructions run on it, which then judges the expectations. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "amx/emulator.h"
#include "amx/fenced.h"
#include "test.h"

typedef struct config {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} config;

static void load_config(const config *c) { __asm__ volatile("ldtilecfg %0" ::"m"(*c)); }

/* 0 sums of 5 x 7, 1 left of 5 x 3 pairs, 2 right of 3 pairs x 7 */
static const config odd = {.palette = 1, .bytes = {28, 12, 28}, .rows = {5, 5, 3}};

/* The level is there when /proc/cpuinfo shows what it needs. */
TEST(detection) {
    char line[8192];
    int has_all = 0;
    FILE *file = fopen("/proc/cpuinfo", "r");
    CHECK(file);
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, "flags", 5))
            has_all = strstr(line, " amx_tile") && strstr(line, " amx_bf16") &&
                      strstr(line, " avx512_bf16");
    fclose(file);
    CHECK_INT(wf_kernels_find("v4_amx") != NULL, has_all);
    if (has_all) CHECK_STR(wf_kernels_at(0)->isa, "v4_amx");
}

TEST(odd_shapes_and_addresses) {
    AMX_KERNELS_OR_RETURN(kernels);
    fenced left = fenced_create(5 * 4 - 1), right = fenced_create(3 * 9 - 2);
    fenced sums = fenced_create(5 * 16 - 9);
    uint32_t *l = left.at, *r = right.at;
    float *s = sums.at;
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 3; k++) l[i * 4 + k] = random_pair(1, i * 3 + k);
        for (int j = 0; j < 7; j++) s[i * 16 + j] = (float)(i - j);
    }
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < 7; j++) r[k * 9 + j] = random_pair(2, k * 7 + j);
    load_config(&odd);
    __asm__ volatile("tileloadd (%0,%1,8), %%tmm0" ::"r"(s), "r"(8L) : "memory");
    __asm__ volatile("tileloadd -8(%0,%1,4), %%tmm1" ::"r"(l + 2), "r"(4L) : "memory");
    __asm__ volatile("tileloaddt1 4000(%0,%1), %%tmm2" ::"r"((char *)r - 4000), "r"(36L)
                     : "memory");
    __asm__ volatile("tdpbf16ps %%tmm2, %%tmm1, %%tmm0" ::);
    __asm__ volatile("tilestored %%tmm0, (%0,%1,2)" ::"r"(s), "r"(32L) : "memory");
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 16 && i * 16 + j < sums.n; j++) {
            double expected = i - j;
            for (int k = 0; k < 3; k++)
                expected += low_of(l[i * 4 + k]) * low_of(r[k * 9 + j % 7]) +
                            high_of(l[i * 4 + k]) * high_of(r[k * 9 + j % 7]);
            if (j < 7) CHECK_NEAR(s[i * 16 + j], expected, 1e-5);
            else CHECK(isnan(s[i * 16 + j])); /* between the rows */
        }
    config stored;
    memset(&stored, 0xFF, sizeof stored);
    __asm__ volatile("sttilecfg %0" : "=m"(stored));
    CHECK(!memcmp(&stored, &odd, sizeof odd));
    __asm__ volatile("tilezero %%tmm0" ::);
    __asm__ volatile("tilestored %%tmm0, (%0,%1)" ::"r"(s), "r"(64L) : "memory");
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 7; j++) CHECK(s[i * 16 + j] == 0);
    __asm__ volatile("tilerelease" ::);
    __asm__ volatile("sttilecfg %0" : "=m"(stored));
    CHECK(!memcmp(&stored, &(config){0}, sizeof stored));
    fenced_destroy(&left), fenced_destroy(&right), fenced_destroy(&sums);
}

/* Denormals are zeros, and each product is rounded once. */
TEST(numbers) {
    AMX_KERNELS_OR_RETURN(kernels);
    const config one = {.palette = 1, .bytes = {4, 8, 4}, .rows = {1, 1, 2}};
    /* 2^-130 * 2^100, 1 * 1; 2^-70 * 2^-70, 2^24 * 1 */
    uint32_t left[2] = {0x3F800008, 0x4B801C80}, right[2] = {0x3F807180, 0x3F801C80};
    float sum = 1;
    load_config(&one);
    __asm__ volatile("tileloadd (%0,%1), %%tmm0" ::"r"(&sum), "r"(0L) : "memory");
    __asm__ volatile("tileloadd (%0,%1), %%tmm1" ::"r"(left), "r"(0L) : "memory");
    __asm__ volatile("tileloadd (%0,%1), %%tmm2" ::"r"(right), "r"(4L) : "memory");
    __asm__ volatile("tdpbf16ps %%tmm2, %%tmm1, %%tmm0" ::);
    __asm__ volatile("tilestored %%tmm0, (%0,%1)" ::"r"(&sum), "r"(0L) : "memory");
    __asm__ volatile("tilerelease" ::);
    /* 1 + (2^24 + 1): the sum in parentheses is rounded to even first */
    CHECK(sum == 0x1p24f);
}

/* ---- what ends the process ---- */

static void nothing(void) {}
static void product_of_odd_tiles(void) { __asm__ volatile("tdpbf16ps %%tmm1, %%tmm2, %%tmm0" ::); }
static void same_tile_twice(void) { /* tdpbf16ps tmm0, tmm1, tmm0 */
    __asm__ volatile(".byte 0xC4, 0xE2, 0x7A, 0x5C, 0xC1" ::);
}
static void unconfigured_tile(void) { __asm__ volatile("tilezero %%tmm5" ::); }
static void released_tile(void) {
    __asm__ volatile("tilerelease" ::);
    __asm__ volatile("tilezero %%tmm0" ::);
}
static void many_rows(void) { load_config(&(config){.palette = 1, .bytes = {64}, .rows = {17}}); }
static void long_rows(void) { load_config(&(config){.palette = 1, .bytes = {68}, .rows = {16}}); }
static void rows_of_nothing(void) { load_config(&(config){.palette = 1, .rows = {16}}); }
static void unknown_palette(void) {
    load_config(&(config){.palette = 2, .bytes = {64}, .rows = {16}});
}
static void reserved_byte(void) { load_config(&(config){.palette = 1, .reserved = {0, 1}}); }
static void load_behind_the_end(void) {
    const fenced f = fenced_create(5 * 7 - 1);
    __asm__ volatile("tileloadd (%0,%1), %%tmm0" ::"r"(f.at), "r"(28L) : "memory");
}

/* Ends the process, if it is emulated by this signal. */
static int is_fatal(void (*action)(void), int by) {
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        signal(by, SIG_DFL); /* not that of a sanitizer */
        if (freopen("/dev/null", "w", stderr)) load_config(&odd);
        action();
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && (!amx_is_emulated() || WTERMSIG(status) == by);
}

TEST(what_a_cpu_refuses) {
    AMX_KERNELS_OR_RETURN(kernels);
    CHECK(!is_fatal(nothing, SIGABRT));
    CHECK(is_fatal(product_of_odd_tiles, SIGABRT));
    CHECK(is_fatal(same_tile_twice, SIGABRT));
    CHECK(is_fatal(unconfigured_tile, SIGABRT));
    CHECK(is_fatal(released_tile, SIGABRT));
    CHECK(is_fatal(many_rows, SIGABRT));
    CHECK(is_fatal(long_rows, SIGABRT));
    CHECK(is_fatal(rows_of_nothing, SIGABRT));
    CHECK(is_fatal(unknown_palette, SIGABRT));
    CHECK(is_fatal(reserved_byte, SIGABRT));
    CHECK(is_fatal(load_behind_the_end, SIGSEGV));
}

TEST_MAIN()
