/* The branching search: no memory to keep subproblems in changes no verdict; what is proved is
 * contradicted by no sample, on networks of every operator class; the sink sees a tree; growth
 * measures what it should. VOUCH_NETS sets the number of networks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/net.h"
#include "support/random_graph.h"
#include "support/tiny.h"
#include "verify/branch_priv.h"
#include "verify/task.h"
#include "verify/verify.h"

enum { TEXT = 1 << 15, SAMPLES = 300, INPUTS = 10, TREE = 1 << 16 };

static int nets(int usual)
{
    const char *text = getenv("VOUCH_NETS");

    return text ? atoi(text) : usual;
}

/* The box, and: output 0 is above the bound. */
static vouch_spec *above(vouch_context *ctx, const vouch_graph *graph, const double *low,
                         const double *high, double bound)
{
    static char text[TEXT];
    size_t length = 0;

    for (int64_t d = 0; d < vouch_op_input_size(graph); d++)
        length += (size_t)snprintf(text + length, TEXT - length,
                                   "(assert (>= X_%d %.17f))(assert (<= X_%d %.17f))", (int)d,
                                   low[d], (int)d, high[d]);
    assert_true(length < TEXT - 64);
    snprintf(text + length, TEXT - length, "(assert (>= Y_0 %.17f))", bound);
    return vouch_test_spec(ctx, graph, text);
}

/* ---- memory -------------------------------------------------------------------------------- */

static vouch_branch_output branch_with(int threads, vouch_context *ctx, vouch_arena *arena,
                                       const vouch_graph *graph, const vouch_spec *spec,
                                       size_t memory, const vouch_sink *sink)
{
    vouch_branch_output out;
    vouch_task task;
    vouch_branch_input in = {.task = &task,
                             .graph = graph,
                             .spec = spec,
                             .pick = vouch_pick_find("auto"),
                             .sink = sink,
                             .threads = threads,
                             .root_steps = 4,
                             .steps = 2,
                             .seed = 1,
                             .memory = memory,
                             .max_subproblems = 20000,
                             .deadline_wall = (double)INFINITY};

    vouch_test_ok(ctx, vouch_task_build(ctx, arena, graph, spec, false, &task));
    vouch_test_ok(ctx, vouch_branch(ctx, arena, &in, &out));
    vouch_task_clear(ctx, &task);
    return out;
}

static vouch_branch_output branch(vouch_context *ctx, vouch_arena *arena,
                                  const vouch_graph *graph, const vouch_spec *spec,
                                  size_t memory, const vouch_sink *sink)
{
    return branch_with(2, ctx, arena, graph, spec, memory, sink);
}

typedef struct net_fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_test_net net;
    vouch_spec *spec;
} net_fixture;

/* A property that holds with some room, but needs splits. */
static void open_net(net_fixture *f, uint64_t index)
{
    const int size[] = {INPUTS, 10, 6, 1};
    vouch_random r = vouch_random_stream(6, "picks", index);
    double low[INPUTS], high[INPUTS], x[INPUTS], y[1], most = -(double)INFINITY;

    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    assert_non_null(f->arena);
    vouch_test_net_random(f->ctx, VOUCH_F32, 3, size, &r, &f->net);
    for (int d = 0; d < INPUTS; d++) {
        low[d] = -.4;
        high[d] = .4;
    }
    for (int i = 0; i < 4000; i++) {
        vouch_test_random_point(&r, INPUTS, low, high, x);
        vouch_test_ok(f->ctx, vouch_op_eval_graph(f->ctx, f->net.graph, VOUCH_F64, x, y));
        most = fmax(most, y[0]);
    }
    f->spec = above(f->ctx, f->net.graph, low, high, most + .1 * (1 + fabs(most)));
}

static void close_net(net_fixture *f)
{
    vouch_spec_free(f->spec);
    vouch_test_net_free(&f->net);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static void a_search_without_memory_proves_the_same(void **state)
{
    int splits = 0;

    (void)state;
    for (uint64_t k = 0; k < 4; k++) {
        net_fixture f;
        open_net(&f, k);
        vouch_branch_output rich =
            branch(f.ctx, f.arena, f.net.graph, f.spec, (size_t)1 << 30, NULL);
        vouch_branch_output poor = branch(f.ctx, f.arena, f.net.graph, f.spec, 1, NULL);
        assert_false(rich.stopped || poor.stopped || rich.found || poor.found);
        assert_int_equal(rich.open_leaves, 0);
        assert_int_equal(poor.open_leaves, 0);
        assert_true(fabs(poor.proved_share - 1) < 1e-9);
        splits += (int)poor.splits;
        close_net(&f);
    }
    assert_true(splits > 4);
}

/* ---- roots by scores ----------------------------------------------------------------------- */

/* So many inputs vary that the root goes on by scores (branch_root.c). */
enum { MANY = 80 };

static void a_root_by_scores_is_the_same_for_any_number_of_threads(void **state)
{
    const int size[] = {MANY, 40, 30, 1};
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_random r = vouch_random_stream(6, "roots", 0);
    double low[MANY], high[MANY], x[MANY], y[1], most = -(double)INFINITY;
    vouch_test_net net;

    (void)state;
    assert_non_null(arena);
    vouch_test_net_random(ctx, VOUCH_F32, 3, size, &r, &net);
    for (int d = 0; d < MANY; d++) {
        low[d] = -.1;
        high[d] = .1;
    }
    for (int i = 0; i < 2000; i++) {
        vouch_test_random_point(&r, MANY, low, high, x);
        vouch_test_ok(ctx, vouch_op_eval_graph(ctx, net.graph, VOUCH_F64, x, y));
        most = fmax(most, y[0]);
    }
    vouch_spec *spec = above(ctx, net.graph, low, high, most + .3 * (1 + fabs(most)));
    vouch_branch_output two = branch(ctx, arena, net.graph, spec, (size_t)1 << 30, NULL);
    vouch_branch_output one =
        branch_with(1, ctx, arena, net.graph, spec, (size_t)1 << 30, NULL);
    assert_int_equal(one.subproblems, two.subproblems);
    assert_int_equal(one.splits, two.splits);
    assert_int_equal(one.found, two.found);
    assert_true(one.found || one.stopped || fabs(one.proved_share - 1) < 1e-9);
    vouch_spec_free(spec);
    vouch_test_net_free(&net);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

/* ---- the sink ------------------------------------------------------------------------------ */

typedef struct tree {
    unsigned char children[TREE], split[TREE], leaf[TREE];
    uint64_t parent[TREE], count;
} tree;

static vouch_status on_box(void *user, const vouch_sink_box *box)
{
    tree *t = user;

    assert_true(box->id == t->count + 1 && box->id < TREE && box->parent < box->id);
    assert_int_equal(box->which_case, 0);
    t->count = box->id;
    t->parent[box->id] = box->parent;
    t->children[box->parent]++;
    return VOUCH_OK;
}

static vouch_status on_split(void *user, uint64_t id, int64_t neuron, double point)
{
    tree *t = user;

    assert_true(neuron >= 0 && isfinite(point));
    t->split[id]++;
    return VOUCH_OK;
}

static vouch_status on_cut(void *user, uint64_t id, int64_t dimension, int count,
                           const double *cut)
{
    assert_int_equal(count, 1);
    return on_split(user, id, dimension, cut[0]);
}

static vouch_status on_leaf(void *user, uint64_t id, vouch_leaf_kind kind)
{
    tree *t = user;

    assert_true(kind == VOUCH_LEAF_PROVED || kind == VOUCH_LEAF_EMPTY);
    t->leaf[id]++;
    return VOUCH_OK;
}

static void the_sink_of_a_proof_sees_a_closed_tree(void **state)
{
    static tree t;
    const vouch_sink sink = {
        .user = &t, .box = on_box, .split = on_cut, .decide = on_split, .leaf = on_leaf};
    net_fixture f;

    (void)state;
    open_net(&f, 0);
    branch(f.ctx, f.arena, f.net.graph, f.spec, (size_t)1 << 30, &sink);
    assert_true(t.count > 2);
    assert_int_equal(t.children[0], 1);
    for (uint64_t i = 1; i <= t.count; i++) {
        assert_int_equal(t.split[i] + t.leaf[i], 1);
        assert_int_equal(t.children[i], 2 * t.split[i]);
    }
    close_net(&f);
}

/* ---- linear programs ----------------------------------------------------------------------- */

static void the_forms_neurons_are_the_engines(void **state)
{
    int opened = 0;

    (void)state;
    for (uint64_t k = 0; k < 40; k++) {
        vouch_context *ctx = vouch_test_context();
        vouch_arena *arena = vouch_arena_new(ctx);
        vouch_random r = vouch_random_stream(11, "leaves", k);
        const vouch_tiny_shape shape = {.inputs = 3,
                                        .outputs = 1,
                                        .hidden = 2,
                                        .width = 8,
                                        .style = VOUCH_TINY_FLOATS,
                                        .dtype = VOUCH_F32};
        const double low[] = {-1, -.5, -1}, high[] = {1, .25, 0};
        const vouch_dag_settings settings = {.cells = 1 << 20, .threads = 1};
        vouch_tiny net;
        vouch_task task;
        vouch_dag *dag;
        vouch_finish *finish;

        vouch_tiny_random(ctx, &shape, &r, &net);
        vouch_spec *spec = above(ctx, net.graph, low, high, 0);
        vouch_test_ok(ctx, vouch_task_build(ctx, arena, net.graph, spec, false, &task));
        vouch_test_ok(ctx, vouch_dag_open(ctx, &task, &settings, &dag));
        vouch_test_ok(ctx, vouch_finish_open(ctx, &task, spec, dag, &finish));
        opened += finish != NULL;
        vouch_finish_close(ctx, finish);
        vouch_dag_close(ctx, dag);
        vouch_spec_free(spec);
        vouch_tiny_free(&net);
        vouch_arena_free(arena);
        vouch_context_free(ctx);
    }
    if (!opened)
        skip(); /* no Clp */
    assert_int_equal(opened, 40);
}

/* ---- samples ------------------------------------------------------------------------------- */

typedef struct sampled {
    vouch_context *ctx;
    vouch_graph *graph;
    int64_t inputs;
    double *low, *high, *x, *y;
} sampled;

static void open_sampled(sampled *s, uint64_t index)
{
    vouch_random r = vouch_random_stream(8, "box", index);

    s->ctx = vouch_test_context();
    s->graph = vouch_test_random_graph(s->ctx, VOUCH_TEST_ANY, 8, index);
    s->inputs = vouch_op_input_size(s->graph);
    s->low = calloc((size_t)(3 * s->inputs + vouch_op_output_size(s->graph)), sizeof(double));
    assert_non_null(s->low);
    s->high = s->low + s->inputs;
    s->x = s->high + s->inputs;
    s->y = s->x + s->inputs;
    for (int64_t d = 0; d < s->inputs; d++) {
        s->low[d] = vouch_random_unit(&r) - .8;
        s->high[d] = s->low[d] + .5 * vouch_random_unit(&r);
    }
}

static void close_sampled(sampled *s)
{
    free(s->low);
    vouch_graph_free(s->graph);
    vouch_context_free(s->ctx);
}

static double sample(sampled *s, vouch_random *r)
{
    vouch_test_random_point(r, s->inputs, s->low, s->high, s->x);
    vouch_test_ok(s->ctx, vouch_op_eval_graph(s->ctx, s->graph, VOUCH_F64, s->x, s->y));
    return s->y[0];
}

static vouch_verdict verify(sampled *s, const vouch_spec *spec, bool late_programs)
{
    vouch_verify_settings settings;
    vouch_verify_result result;
    vouch_arena *arena = vouch_arena_new(s->ctx);

    assert_non_null(arena);
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &settings);
    settings.search = "branch";
    settings.attack = false;
    settings.max_subproblems = 300;
    settings.root_steps = 5;
    settings.branch_steps = 3;
    settings.late_programs = late_programs;
    vouch_test_ok(s->ctx,
                  vouch_verify(s->ctx, arena, s->graph, spec, &settings, NULL, &result));
    vouch_arena_free(arena);
    return result.verdict;
}

/* The bound is about the samples' greatest: above it unsat may be proved, below it never. */
static void check_no_sample_contradicts(bool late_programs)
{
    int proved = 0;
    for (uint64_t k = 0; k < (uint64_t)nets(60); k++) {
        vouch_random r = vouch_random_stream(9, "points", k);
        sampled s;
        double most = -(double)INFINITY, least = (double)INFINITY;
        open_sampled(&s, k);
        for (int i = 0; i < SAMPLES; i++) {
            double y = sample(&s, &r);
            most = fmax(most, y);
            least = fmin(least, y);
        }
        for (int above_all = 0; isfinite(most - least) && above_all < 2; above_all++) {
            double room = .2 * (most - least) + 1e-6 * (1 + fabs(most));
            vouch_spec *spec =
                above(s.ctx, s.graph, s.low, s.high, most + (above_all ? room : -room));
            vouch_verdict verdict = verify(&s, spec, late_programs);
            if (!above_all && verdict == VOUCH_UNSAT)
                fail_msg("graph %llu: unsat, but a sample violates it", (unsigned long long)k);
            proved += verdict == VOUCH_UNSAT;
            vouch_spec_free(spec);
        }
        close_sampled(&s);
    }
    assert_true(proved > 0);
}

static void what_is_proved_no_sample_contradicts(void **state)
{
    (void)state;
    check_no_sample_contradicts(false);
}

static void what_is_proved_with_late_programs_no_sample_contradicts(void **state)
{
    (void)state;
    check_no_sample_contradicts(true);
}

/* ---- growth -------------------------------------------------------------------------------- */

static void growth_counts_the_levels_to_a_proof(void **state)
{
    (void)state;
    for (int levels = 1; levels <= 32; levels *= 2)
        assert_true(fabs(vouch_growth(1.0 / levels, 1.0 / levels) - levels) < 1e-3);
    assert_true(vouch_growth(1, .1) <
                vouch_growth(.2, .2)); /* one good child makes up for much */
    assert_true(vouch_growth(.3, .2) == vouch_growth(.2, .3));
    assert_true(vouch_growth(0, 0) <= 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_without_memory_proves_the_same),
        cmocka_unit_test(a_root_by_scores_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(the_sink_of_a_proof_sees_a_closed_tree),
        cmocka_unit_test(the_forms_neurons_are_the_engines),
        cmocka_unit_test(what_is_proved_no_sample_contradicts),
        cmocka_unit_test(what_is_proved_with_late_programs_no_sample_contradicts),
        cmocka_unit_test(growth_counts_the_levels_to_a_proof),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
