/* Properties with failing memory: an error, no leak, whichever allocation fails. */
#include <stdio.h>
#include <string.h>

#include "spec/spec_fixture.h"
#include "support/support.h"

static const char scalars[] =
    "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n"
    "(declare-const Y_1 Real)\n"
    "(assert (and (<= X_0 0.7) (>= X_0 -0.1) (<= X_1 1e-3) (>= X_1 -1.25)))\n"
    "(assert (or (and (<= X_0 0.3) (<= Y_0 (+ Y_1 (* 0.1 X_0) 3))) (!= Y_0 2)\n"
    "  (< X_1 0) (and (or (<= Y_0 1) (<= Y_1 1)) (or (>= Y_0 -1) (>= Y_1 -1)))))\n";
static const char tensors[] =
    "(vnnlib-version <2.0>)(declare-network N (declare-input X Real [2])\n"
    "  (declare-output Y Real [2]))\n"
    "(assert (and (== X[0] 0.5) (<= X[1] 0.1) (>= X[1] 0.05) (<= (- Y[1] Y[0]) 1)))\n";
static const char never[] =
    "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n"
    "(declare-const Y_1 Real)(assert (and (<= X_0 0) (>= X_0 1)))";

static vouch_status parse(vouch_context *ctx, void *user)
{
    const char *text = user;
    spec_fixture f;
    vouch_status status;

    fixture_fill(&f, 2, 2);
    f.ctx = ctx;
    status = fixture_parse(&f, text);
    vouch_spec_free(f.spec);
    return status;
}

static vouch_status parse_and_write(vouch_context *ctx, void *user)
{
    const char *text = user, *written;
    size_t size;
    spec_fixture f;
    vouch_status status;

    fixture_fill(&f, 2, 2);
    f.ctx = ctx;
    status = fixture_parse(&f, text);
    if (!status)
        status = vouch_spec_write(f.spec, f.spec->arena, &written, &size);
    vouch_spec_free(f.spec);
    return status;
}

static void parsing_survives_every_failed_allocation(void **state)
{
    char text[1024];
    const char *const texts[] = {scalars, tensors, never};

    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(texts); i++) {
        (void)memcpy(text, texts[i], strlen(texts[i]) + 1);
        vouch_test_every_allocation_fails(parse, text);
    }
}

static void writing_survives_every_failed_allocation(void **state)
{
    char text[1024];

    (void)state;
    (void)memcpy(text, scalars, sizeof scalars);
    vouch_test_every_allocation_fails(parse_and_write, text);
}

static void parsing_many_cases_survives_failed_allocations(void **state)
{
    static char text[16384];
    size_t at = 0;

    (void)state;
    at += (size_t)snprintf(text, sizeof text, "%s(assert (or",
                           "(declare-const X_0 Real)(declare-const X_1 Real)"
                           "(declare-const Y_0 Real)(declare-const Y_1 Real)");
    for (int i = 0; i < 150; i++) /* tables and lists grow */
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "(and (>= X_0 0) (<= X_0 %d) (>= X_1 0) (<= X_1 1) (<= Y_0 "
                               "(* %d.5 Y_1)))\n",
                               i / 2, i);
    (void)snprintf(text + at, sizeof text - at, "))");
    vouch_test_some_allocations_fail(parse, text, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing_survives_every_failed_allocation),
        cmocka_unit_test(writing_survives_every_failed_allocation),
        cmocka_unit_test(parsing_many_cases_survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
