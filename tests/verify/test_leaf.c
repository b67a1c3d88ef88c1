/* Leaves by linear programming on networks whose every value is known exactly: what a leaf
 * proves holds at every point; splits to the end decide what the oracle decides; answers do not
 * depend on what was solved before; memory may fail. VOUCH_NETS sets the number of networks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/net.h"
#include "support/random_graph.h"
#include "support/tiny.h"
#include "verify/leaf_search.h"
#include "verify/task.h"

enum { INPUTS = 3, NEURONS = 64, POINTS = 12, TEXT = 4096 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_random random;
    vouch_tiny net;
    vouch_spec *spec;
    vouch_task task;
    vouch_leaf *leaf;
    vouch_leaf_worker *worker;
    double low[INPUTS], high[INPUTS], neuron_low[NEURONS], neuron_high[NEURONS];
    mpq_t *x, *z, *y, *neuron;
    uint64_t index;
} fixture;

static int nets(int usual)
{
    const char *text = getenv("VOUCH_NETS");

    return text ? atoi(text) : usual;
}

static uint64_t below(fixture *f, uint64_t n) { return vouch_random_below(&f->random, n); }

/* One or two rows  Y_0 + c Y_1 + d X_0 <= b,  b about what is reached at some point. */
static void draw_property(fixture *f, char text[TEXT])
{
    int length = 0;

    for (int d = 0; d < f->net.size[0]; d++)
        length += snprintf(text + length, TEXT - (size_t)length,
                           "(assert (>= X_%d %.6f))(assert (<= X_%d %.6f))", d, f->low[d], d,
                           f->high[d]);
    for (int rows = 1 + (int)below(f, 2); rows > 0; rows--) {
        double point[INPUTS], c = (double)below(f, 9) / 4 - 1, d = (double)below(f, 5) / 4 - .5;
        vouch_test_random_point(&f->random, f->net.size[0], f->low, f->high, point);
        for (int i = 0; i < f->net.size[0]; i++)
            mpq_set_d(f->x[i], point[i]);
        vouch_tiny_values(&f->net, f->x, NULL, f->y);
        double value = mpq_get_d(f->y[0]) + c * mpq_get_d(f->y[1]) + d * point[0];
        length += snprintf(text + length, TEXT - (size_t)length,
                           "(assert (<= (+ (+ Y_0 (* %.2f Y_1)) (* %.2f X_0)) %.9f))", c, d,
                           value - (double)below(f, 4) * fabs(value) / 8);
    }
}

static void begin(fixture *f, uint64_t index)
{
    char text[TEXT];

    memset(f, 0, sizeof *f);
    f->ctx = vouch_test_context();
    f->arena = vouch_arena_new(f->ctx);
    f->index = index;
    f->random = vouch_random_stream(5, "leaf", index);
    f->x = vouch_tiny_rationals(INPUTS);
    f->z = vouch_tiny_rationals(VOUCH_TINY_LAYERS * VOUCH_TINY_WIDTH);
    f->y = vouch_tiny_rationals(VOUCH_TINY_WIDTH);
    f->neuron = vouch_tiny_rationals(NEURONS);
    vouch_tiny_shape shape = {.inputs = 1 + (int)below(f, 3),
                              .outputs = 2,
                              .hidden = 1 + (int)below(f, 2),
                              .width = 4,
                              .relu_only = below(f, 2),
                              .style = (vouch_tiny_style)below(f, VOUCH_TINY_STYLES),
                              .dtype = below(f, 2) ? VOUCH_F32 : VOUCH_F64};
    vouch_tiny_random(f->ctx, &shape, &f->random, &f->net);
    vouch_test_random_box(&f->random, f->net.size[0], f->low, f->high);
    draw_property(f, text);
    f->spec = vouch_test_spec(f->ctx, f->net.graph, text);
    vouch_test_ok(f->ctx,
                  vouch_task_build(f->ctx, f->arena, f->net.graph, f->spec, true, &f->task));
    assert_non_null(f->task.form);
    vouch_test_ok(f->ctx, vouch_leaf_open(f->ctx, &f->task, &f->leaf));
    if (!f->leaf)
        return;
    vouch_test_ok(f->ctx, vouch_leaf_worker_new(f->ctx, f->leaf, &f->worker));
    for (int k = 0; k < NEURONS; k++) {
        f->neuron_low[k] = -(double)INFINITY;
        f->neuron_high[k] = (double)INFINITY;
    }
    memcpy(f->low, f->task.low, sizeof(double) * (size_t)f->task.input_count);
    memcpy(f->high, f->task.high, sizeof(double) * (size_t)f->task.input_count);
}

static void end(fixture *f)
{
    vouch_leaf_worker_free(f->ctx, f->worker);
    vouch_leaf_close(f->ctx, f->leaf);
    vouch_task_clear(f->ctx, &f->task);
    vouch_tiny_rationals_free(f->x, INPUTS);
    vouch_tiny_rationals_free(f->z, VOUCH_TINY_LAYERS * VOUCH_TINY_WIDTH);
    vouch_tiny_rationals_free(f->y, VOUCH_TINY_WIDTH);
    vouch_tiny_rationals_free(f->neuron, NEURONS);
    vouch_spec_free(f->spec);
    vouch_tiny_free(&f->net);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static void need_solver(fixture *f)
{
    if (f->leaf)
        return;
    end(f);
    print_message("no Clp: not installed\n");
    skip();
}

/* A random point of the box, its neurons exactly. */
static void draw_point(fixture *f)
{
    double point[INPUTS];

    vouch_test_random_point(&f->random, f->net.size[0], f->low, f->high, point);
    for (int d = 0; d < f->net.size[0]; d++)
        mpq_set_d(f->x[d], point[d]);
    vouch_tiny_values(&f->net, f->x, f->z, f->y);
    vouch_tiny_neurons(&f->net, f->z, f->neuron);
}

/* Neuron k of the form, at the point: the form has left out those that are stable. */
static mpq_t *neuron(const fixture *f, int k) { return &f->neuron[f->task.form->identity[k]]; }

/* Some neurons on the side where they are at the point. */
static void decide_some(fixture *f)
{
    for (int k = 0; k < f->task.form->neuron_count; k++) {
        if (below(f, 3) == 0)
            continue;
        if (mpq_sgn(*neuron(f, k)) >= 0)
            f->neuron_low[k] = fmax(f->neuron_low[k], 0);
        else
            f->neuron_high[k] = fmin(f->neuron_high[k], 0);
    }
}

static bool in_intervals(const fixture *f)
{
    for (int k = 0; k < f->task.form->neuron_count; k++)
        if (vouch_tiny_compare(*neuron(f, k), f->neuron_low[k]) < 0 ||
            vouch_tiny_compare(*neuron(f, k), f->neuron_high[k]) > 0)
            return false;
    return true;
}

static vouch_leaf_answer solve(fixture *f, const uint8_t *warm)
{
    vouch_leaf_answer answer;
    vouch_leaf_job job = {.low = f->low,
                          .high = f->high,
                          .neuron_low = f->neuron_low,
                          .neuron_high = f->neuron_high,
                          .warm = warm};

    vouch_test_ok(f->ctx, vouch_leaf_solve(f->worker, &job, &answer));
    return answer;
}

/* The answer against the exact values at f->x, a point of the subproblem. */
static void check_point(fixture *f, const vouch_leaf_answer *answer)
{
    mpq_t value, most;

    mpq_inits(value, most, NULL);
    for (int r = 0; r < f->spec->cases[0].row_count; r++) {
        vouch_tiny_row(&f->spec->cases[0].row[r], f->x, f->y, value);
        if (r == 0 || mpq_cmp(value, most) > 0)
            mpq_set(most, value);
    }
    assert_false(answer->empty);
    assert_true(vouch_tiny_compare(most, answer->lower) >= 0);
    if (answer->proved)
        assert_false(vouch_tiny_rows_hold(&f->net, f->spec, 0, f->x));
    mpq_clears(value, most, NULL);
}

static void what_a_leaf_proves_holds_at_every_point(void **state)
{
    int count = nets(400), checked = 0, proved = 0, empty = 0;

    (void)state;
    for (int i = 0; i < count; i++) {
        fixture f;
        begin(&f, (uint64_t)i);
        need_solver(&f);
        draw_point(&f);
        if (below(&f, 4))
            decide_some(&f);
        bool narrowed =
            vouch_leaf_narrow(f.task.form, f.low, f.high, f.neuron_low, f.neuron_high);
        assert_true(narrowed); /* the point is there */
        vouch_leaf_answer answer = solve(&f, NULL);
        proved += answer.proved;
        empty += answer.empty;
        for (int p = 0; p < POINTS; p++) {
            if (in_intervals(&f)) {
                check_point(&f, &answer);
                checked++;
            }
            draw_point(&f);
        }
        end(&f);
    }
    print_message("%d networks: %d proved, %d points checked\n", count, proved, checked);
    assert_true(empty == 0 && proved >= count / 10 && checked >= count);
}

static vouch_status try_point(void *user, const double *point, bool *found)
{
    fixture *f = user;

    for (int d = 0; d < f->net.size[0]; d++)
        mpq_set_d(f->x[d], point[d]);
    *found = vouch_tiny_rows_hold(&f->net, f->spec, 0, f->x); /* up to the box's rounding */
    return VOUCH_OK;
}

static void splits_to_the_end_decide_what_the_oracle_decides(void **state)
{
    int count = nets(200), proved = 0, impossible = 0, found = 0;

    (void)state;
    for (int i = 0; i < count; i++) {
        fixture f;
        begin(&f, (uint64_t)i + 1000000);
        need_solver(&f);
        bool solvable = vouch_tiny_case_solvable(&f.net, f.spec, 0, NULL);
        vouch_leaf_search_settings s = {1000, try_point, &f};
        vouch_leaf_search_result result;
        vouch_leaf_job job = {.low = f.low,
                              .high = f.high,
                              .neuron_low = f.neuron_low,
                              .neuron_high = f.neuron_high};
        vouch_test_ok(f.ctx, vouch_leaf_search(f.ctx, f.worker, &job, &s, &result));
        assert_false(result.stopped);
        assert_true(solvable ? !result.proved : !result.found);
        assert_true(result.proved || result.found || result.left > 0);
        proved += result.proved;
        found += result.found;
        impossible += !solvable;
        end(&f);
    }
    print_message("%d networks: %d impossible, %d proved, %d found\n", count, impossible,
                  proved, found);
    assert_true(impossible >= count / 10 && proved >= impossible * 9 / 10);
    assert_true(found >= (count - impossible) * 9 / 10);
}

static void answers_do_not_depend_on_what_was_solved_before(void **state)
{
    (void)state;
    for (int i = 0; i < nets(400) / 8; i++) {
        fixture f;
        begin(&f, (uint64_t)i + 2000000);
        need_solver(&f);
        vouch_leaf_narrow(f.task.form, f.low, f.high, f.neuron_low, f.neuron_high);
        double first = solve(&f, NULL).lower, high = f.high[0];
        f.high[0] = f.low[0];
        solve(&f, NULL);
        f.high[0] = high;
        double again = solve(&f, NULL).lower;
        assert_memory_equal(&first, &again, sizeof first);
        end(&f);
    }
}

static void infinite_intervals_prove_nothing(void **state)
{
    fixture f;

    (void)state;
    begin(&f, 0);
    need_solver(&f);
    for (uint64_t i = 1; f.task.form->neuron_count == 0; i++) {
        end(&f);
        begin(&f, i);
    }
    vouch_leaf_answer answer = solve(&f, NULL);
    assert_false(answer.proved || answer.empty || answer.solved);
    assert_true(answer.lower == -(double)INFINITY);
    end(&f);
}

static vouch_status open_and_solve(vouch_context *ctx, void *user)
{
    fixture *f = user;
    vouch_leaf *leaf;
    vouch_leaf_worker *worker = NULL;
    vouch_leaf_answer answer;
    vouch_leaf_job job = {.low = f->low,
                          .high = f->high,
                          .neuron_low = f->neuron_low,
                          .neuron_high = f->neuron_high};
    vouch_status status = vouch_leaf_open(ctx, &f->task, &leaf);

    if (!status)
        status = vouch_leaf_worker_new(ctx, leaf, &worker);
    if (!status)
        status = vouch_leaf_solve(worker, &job, &answer);
    vouch_leaf_worker_free(ctx, worker);
    vouch_leaf_close(ctx, leaf);
    return status;
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    fixture f;

    (void)state;
    begin(&f, 7);
    need_solver(&f);
    vouch_leaf_narrow(f.task.form, f.low, f.high, f.neuron_low, f.neuron_high);
    vouch_test_every_allocation_fails(open_and_solve, &f);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_leaf_proves_holds_at_every_point),
        cmocka_unit_test(splits_to_the_end_decide_what_the_oracle_decides),
        cmocka_unit_test(answers_do_not_depend_on_what_was_solved_before),
        cmocka_unit_test(infinite_intervals_prove_nothing),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
