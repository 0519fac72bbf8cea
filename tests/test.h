/* The test harness: one header, one program per file.
 *
 *     #include "test.h"
 *     TEST(sum_of_two) { CHECK_INT(1 + 1, 2); }
 *     TEST_MAIN()
 *
 * The program runs its TESTs in the order of the file, or those whose name contains argv[1], with
 * the kernels of the level WEFT_ISA, if it is set, where a test chooses none. A failed CHECK leaves
 * its test at once (by longjmp, also from a helper; not from another thread). A test that checks
 * nothing fails. Last line: "N passed, N failed"; exit status 1 on failure. */
#ifndef WF_TESTS_TEST_H
#define WF_TESTS_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "weft/status.h"

typedef struct wf_test_case {
    const char *name;
    void (*run)(void);
    struct wf_test_case *next;
} wf_test_case;

static wf_test_case *wf_test_first, **wf_test_last = &wf_test_first;
static const wf_test_case *wf_test_current;
static long wf_test_checks;
static jmp_buf wf_test_leave;

#define TEST(name_)                                                                                \
    static void test_##name_(void);                                                                \
    __attribute__((constructor)) static void wf_test_register_##name_(void) {                      \
        static wf_test_case self = {#name_, test_##name_, NULL};                                   \
        *wf_test_last = &self;                                                                     \
        wf_test_last = &self.next;                                                                 \
    }                                                                                              \
    static void test_##name_(void)

/* Counts a check; when it failed, prints the reason and leaves the test. */
#define WF_TEST_VERDICT(holds, file, line, ...)                                                    \
    do {                                                                                           \
        wf_test_checks++;                                                                          \
        if (!(holds)) {                                                                            \
            printf("FAILED %s: %s:%d: ", wf_test_current->name, (file), (line));                   \
            printf(__VA_ARGS__);                                                                   \
            putchar('\n');                                                                         \
            longjmp(wf_test_leave, 1);                                                             \
        }                                                                                          \
    } while (0)

#define CHECK(condition) WF_TEST_VERDICT((condition), __FILE__, __LINE__, "%s", #condition)
#define CHECK_INT(actual, expected)                                                                \
    wf_test_int(__FILE__, __LINE__, #actual, (long long)(actual), (long long)(expected))
#define CHECK_STR(actual, expected) wf_test_str(__FILE__, __LINE__, #actual, (actual), (expected))
#define CHECK_NEAR(actual, expected, tolerance)                                                    \
    wf_test_near(__FILE__, __LINE__, #actual, (double)(actual), (double)(expected),                \
                 (double)(tolerance))
#define CHECK_OK(cx, status_expr)                                                                  \
    wf_test_status(__FILE__, __LINE__, #status_expr, (cx), (status_expr), WF_OK)
/* The status, the record in `cx` and a text must all be there; the record is then forgotten. */
#define CHECK_FAILS(cx, status_expr, expected)                                                     \
    wf_test_status(__FILE__, __LINE__, #status_expr, (cx), (status_expr), (expected))

__attribute__((unused)) static void wf_test_int(const char *file, int line, const char *what,
                                                long long actual, long long expected) {
    WF_TEST_VERDICT(actual == expected, file, line, "%s is %lld, expected %lld", what, actual,
                    expected);
}

__attribute__((unused)) static void wf_test_str(const char *file, int line, const char *what,
                                                const char *actual, const char *expected) {
    int same = actual && expected ? strcmp(actual, expected) == 0 : actual == expected;
    WF_TEST_VERDICT(same, file, line, "%s is \"%s\", expected \"%s\"", what,
                    actual ? actual : "(NULL)", expected ? expected : "(NULL)");
}

/* Not a number is near nothing. */
__attribute__((unused)) static void wf_test_near(const char *file, int line, const char *what,
                                                 double actual, double expected, double tolerance) {
    int near = actual == expected || fabs(actual - expected) <= tolerance;
    WF_TEST_VERDICT(near, file, line, "%s is %.9g, expected %.9g (off by %.3g, allowed %.3g)", what,
                    actual, expected, fabs(actual - expected), tolerance);
}

__attribute__((unused)) static void wf_test_status(const char *file, int line, const char *what,
                                                   wf_context *cx, wf_status actual,
                                                   wf_status expected) {
    WF_TEST_VERDICT(actual == expected, file, line, "%s is %s, expected %s: %s (%s:%d)", what,
                    wf_status_name(actual), wf_status_name(expected), cx ? cx->message : "",
                    cx && cx->file ? cx->file : "-", cx ? cx->line : 0);
    if (expected == WF_OK || !cx) return;
    WF_TEST_VERDICT(cx->code == expected, file, line, "%s: the context records %s, expected %s",
                    what, wf_status_name(cx->code), wf_status_name(expected));
    WF_TEST_VERDICT(cx->message[0] != '\0', file, line, "%s: the context has no message", what);
    wf_context_reset(cx);
}

/* 1 when the test passed. */
static int wf_test_run(const wf_test_case *test) {
    wf_test_current = test;
    wf_test_checks = 0;
    if (setjmp(wf_test_leave)) return 0;
    test->run();
    if (wf_test_checks == 0) {
        printf("FAILED %s: the test checks nothing\n", test->name);
        return 0;
    }
    printf("ok %s\n", test->name);
    return 1;
}

/* 1 when the CPU has the level that the environment asks for, or nothing is asked for. */
static int wf_test_choose_kernels(void) {
    const char *isa = getenv("WEFT_ISA");
    if (!isa) return 1;
    wf_kernels_use(wf_kernels_find(isa));
    if (wf_kernels_find(isa)) return 1;
    printf("FAILED: WEFT_ISA is \"%s\", which is no level of this CPU (weft doctor)\n", isa);
    return 0;
}

static int wf_test_main(const char *filter) {
    int passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* so that a crash loses no line */
    if (!wf_test_choose_kernels()) {
        printf("0 passed, 1 failed\n");
        return EXIT_FAILURE;
    }
    for (const wf_test_case *test = wf_test_first; test; test = test->next) {
        if (filter && !strstr(test->name, filter)) continue;
        if (wf_test_run(test)) passed++;
        else failed++;
    }
    if (passed + failed == 0) {
        printf("FAILED: no test%s%s\n", filter ? " has a name that contains " : "",
               filter ? filter : "");
        failed = 1;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define TEST_MAIN()                                                                                \
    int main(int argc, char **argv) { return wf_test_main(argc > 1 ? argv[1] : NULL); }

#endif
