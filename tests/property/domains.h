/* What tests of all domains share: a problem with random rows, bounds, and the checks. */
#ifndef VOUCH_TESTS_PROPERTY_DOMAINS_H
#define VOUCH_TESTS_PROPERTY_DOMAINS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bounds/domain.h"
#include "support/random_graph.h"

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_random random;
    vouch_graph *graph; /* freed with the fixture, if its own */
    vouch_bound_problem problem;
    vouch_linear_rows rows;
    uint64_t index; /* names the network in messages */
} fixture;

enum { ROWS = 3, POINTS = 12, SEED = 7 };

static inline double *random_numbers(fixture *f, int64_t count)
{
    double *x = VOUCH_NEW_ARRAY(f->arena, double, count);

    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        x[i] = vouch_random_unit(&f->random) < .2 ? 0 : 2 * vouch_random_unit(&f->random) - 1;
    return x;
}

/* A random box and random rows over (y, x). */
static inline void make_problem(fixture *f, vouch_graph *graph)
{
    bool *varying = VOUCH_NEW_ARRAY(f->arena, bool, graph->value_count);
    int64_t inputs = vouch_op_input_size(graph), outputs = vouch_op_output_size(graph);
    double *low = VOUCH_NEW_ARRAY(f->arena, double, inputs);
    double *high = VOUCH_NEW_ARRAY(f->arena, double, inputs);

    assert_true(varying && low && high);
    f->graph = graph;
    vouch_op_varying(graph, varying);
    vouch_test_random_box(&f->random, inputs, low, high);
    f->rows = (vouch_linear_rows){.count = ROWS, .output = random_numbers(f, ROWS * outputs)};
    if (vouch_random_unit(&f->random) < .5)
        f->rows.input = random_numbers(f, ROWS * inputs);
    if (vouch_random_unit(&f->random) < .5)
        f->rows.constant = random_numbers(f, ROWS);
    f->problem = (vouch_bound_problem){.graph = graph,
                                       .varying = varying,
                                       .input_size = inputs,
                                       .output_size = outputs,
                                       .low = low,
                                       .high = high,
                                       .rows = &f->rows};
}

static inline void begin_fixture(fixture *f, uint64_t index)
{
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    assert_non_null(f->arena);
    f->random = vouch_random_stream(SEED, "domains", index);
    f->graph = NULL;
    f->index = index;
}

static inline void end_fixture(fixture *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static inline vouch_bounds bound(fixture *f, const vouch_domain *domain,
                                 const vouch_bound_problem *problem)
{
    vouch_bounds bounds;

    vouch_test_ok(f->ctx, domain->run(f->ctx, f->arena, NULL, problem, &bounds));
    return bounds;
}

/* Intervals that hold the real values at the point: the box [x, x] in the interval domain. */
static inline vouch_bounds bound_point(fixture *f, const double *x)
{
    vouch_bound_problem problem = f->problem;

    problem.low = problem.high = x;
    return bound(f, vouch_domain_find("interval"), &problem);
}

/* How many networks: the environment's VOUCH_NETS, else the default. */
static inline uint64_t net_count(uint64_t otherwise)
{
    const char *text = getenv("VOUCH_NETS");

    return text && atoll(text) > 0 ? (uint64_t)atoll(text) : otherwise;
}

#endif
