/* Memory that fails during a verification: an error, no leak, never a wrong verdict. On the
 * example network, for a property that holds and one that does not, by the batched engine and
 * by the general one. */
#include <stdio.h>
#include <string.h>

#include "support/net.h"
#include "verify/verify.h"

typedef struct query {
    const char *domain;
    const char *assertions;
    vouch_verdict expected;
    int64_t threads;
    const char *complete;
    const char *search; /* NULL: auto */
} query;

static const int sizes[] = {2, 4, 3, 1};
/* Least value on the box: -1/2; it takes a few cuts to prove it. */
static const float parameters[] = {1, -1, 1,  -1, -1, 1,  1, -1, 0, 0, 0, 0, 1, 0,    1, 1,
                                   0, 1,  -1, 0,  0,  -1, 0, 0,  0, 2, 0, 1, 0, -.5F, 0};

static const char box[] = "(assert (>= X_0 -1)) (assert (<= X_0 1))"
                          "(assert (>= X_1 -1)) (assert (<= X_1 1))";

static vouch_status verify(vouch_context *ctx, void *user)
{
    const query *q = user;
    vouch_verify_settings settings;
    vouch_verify_result result;
    vouch_test_net net;
    char text[512];

    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.domain = q->domain;
    settings.threads = q->threads;
    settings.attack = false;
    settings.complete = q->complete;
    if (q->search)
        settings.search = q->search;
    /* network and property on memory that does not fail: their own tests cover that */
    vouch_context *safe = vouch_test_context();
    vouch_test_net_new(safe, VOUCH_F64, 3, sizes, parameters, &net);
    snprintf(text, sizeof text, "%s%s", box, q->assertions);
    vouch_spec *spec = vouch_test_spec(safe, net.graph, text);

    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_status status =
        arena ? vouch_verify(ctx, arena, net.graph, spec, &settings, NULL, &result)
              : VOUCH_ERR_MEMORY;
    if (arena && status)
        assert_int_equal(result.verdict, VOUCH_UNKNOWN);
    if (!status)
        assert_int_equal(result.verdict, q->expected);
    vouch_arena_free(arena);
    vouch_spec_free(spec);
    vouch_test_net_free(&net);
    vouch_context_free(safe);
    return status;
}

static void a_batched_search_survives_every_failed_allocation(void **state)
{
    query holds = {"auto", "(assert (<= Y_0 -0.55))", VOUCH_UNSAT, 1, "search", NULL};
    query fails = {"auto", "(assert (<= Y_0 -0.45))", VOUCH_SAT, 1, "search", NULL};

    (void)state;
    vouch_test_every_allocation_fails(verify, &holds);
    vouch_test_every_allocation_fails(verify, &fails);
}

static void a_general_search_survives_failed_allocations(void **state)
{
    query holds = {"zonotope", "(assert (<= Y_0 -0.55))", VOUCH_UNSAT, 1, "search", NULL};
    query fails = {"interval", "(assert (<= Y_0 -0.45))", VOUCH_SAT, 1, "search", NULL};

    (void)state;
    vouch_test_some_allocations_fail(verify, &holds, 60);
    vouch_test_some_allocations_fail(verify, &fails, 60);
}

static void the_branching_search_survives_failed_allocations(void **state)
{
    query holds = {"auto", "(assert (<= Y_0 -0.55))", VOUCH_UNSAT, 1, "search", "branch"};
    query twice = {"auto", "(assert (<= Y_0 -0.55))", VOUCH_UNSAT, 2, "search", "branch"};

    (void)state;
    vouch_test_some_allocations_fail(verify, &holds, 200);
    vouch_test_some_allocations_fail(verify, &twice, 40);
}

static void the_exact_search_survives_every_failed_allocation(void **state)
{
    query holds = {"auto", "(assert (<= Y_0 -0.5625))", VOUCH_UNSAT, 1, "exact", NULL};
    query fails = {"auto", "(assert (<= Y_0 -0.5))", VOUCH_SAT, 1, "exact", NULL};

    (void)state;
    vouch_test_every_allocation_fails(verify, &holds);
    vouch_test_every_allocation_fails(verify, &fails);
}

static void two_threads_survive_failed_allocations(void **state)
{
    query holds = {"auto", "(assert (<= Y_0 -0.55))", VOUCH_UNSAT, 2, "search", NULL};

    (void)state;
    vouch_test_some_allocations_fail(verify, &holds, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batched_search_survives_every_failed_allocation),
        cmocka_unit_test(a_general_search_survives_failed_allocations),
        cmocka_unit_test(the_branching_search_survives_failed_allocations),
        cmocka_unit_test(the_exact_search_survives_every_failed_allocation),
        cmocka_unit_test(two_threads_survive_failed_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
