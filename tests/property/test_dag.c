/* The DAG engine on random networks: what it bounds holds at sampled points. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bounds/dag_priv.h"
#include "support/random_graph.h"

enum { POINTS = 24, CASES = 2, ROWS = 3, DECISIONS = 3, SEED = 11 };

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_random random;
    uint64_t index;
    vouch_graph *graph;
    vouch_task task;
    vouch_dag *dag;
    vouch_dag_worker *worker;
    vouch_graph probe;           /* the prepared network with the neurons for outputs */
    double *point, *value, *row; /* [POINTS][inputs], [POINTS][neurons], [POINTS][ROWS] */
    bool *inside;                /* [POINTS]: satisfies the decisions */
} fixture;

static uint64_t count_of(uint64_t usual)
{
    const char *text = getenv("VOUCH_NETS");

    return text ? (uint64_t)atoll(text) : usual;
}

static double *random_numbers(fixture *f, int64_t count)
{
    double *x = VOUCH_NEW_ARRAY(f->arena, double, count);

    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        x[i] = vouch_random_unit(&f->random) < .2 ? 0 : 2 * vouch_random_unit(&f->random) - 1;
    return x;
}

/* Case 0 has row 0, case 1 rows 1 and 2. */
static void make_task(fixture *f)
{
    static const int start[] = {0, 1, 3}, row[] = {0, 1, 2}, box[] = {0, 0};
    static const bool strict[ROWS] = {false};
    int64_t n = vouch_op_input_size(f->graph), m = vouch_op_output_size(f->graph);
    double *low = random_numbers(f, n), *high = random_numbers(f, n);

    vouch_test_random_box(&f->random, n, low, high);
    for (int64_t i = 0; i < n; i++) { /* boxes on which curves mean something */
        low[i] = fmax(fmin(low[i], 4), -4);
        high[i] = fmax(fmin(high[i], 4), low[i]);
    }
    f->task = (vouch_task){.graph = f->graph,
                           .row_output = random_numbers(f, ROWS * m),
                           .row_input = random_numbers(f, ROWS * n),
                           .row_constant = random_numbers(f, ROWS),
                           .row_radius = VOUCH_NEW_ARRAY(f->arena, double, ROWS),
                           .input_count = (int)n,
                           .output_count = (int)m,
                           .row_count = ROWS,
                           .case_count = CASES,
                           .case_start = start,
                           .case_row = row,
                           .case_box = box,
                           .strict = strict,
                           .low = low,
                           .high = high};
}

/* A view of the prepared network whose outputs are the neurons' values. */
static void make_probe(fixture *f)
{
    int *output = VOUCH_NEW_ARRAY(f->arena, int, f->dag->graph->value_count);

    f->probe = *f->dag->graph;
    f->probe.output = output;
    f->probe.output_count = 0;
    for (int64_t at = 0; at < f->dag->neurons;) {
        int v = f->dag->owner[at];

        output[f->probe.output_count++] = v;
        at += vouch_bounds_count(f->dag->graph, v);
    }
}

static void sample(fixture *f)
{
    int64_t n = f->task.input_count, m = f->task.output_count;
    double *y = VOUCH_NEW_ARRAY(f->arena, double, m);

    f->point = VOUCH_NEW_ARRAY(f->arena, double, POINTS *n);
    f->value = VOUCH_NEW_ARRAY(f->arena, double, POINTS * f->dag->neurons);
    f->row = VOUCH_NEW_ARRAY(f->arena, double, POINTS *ROWS);
    f->inside = VOUCH_NEW_ARRAY(f->arena, bool, POINTS);
    for (int p = 0; p < POINTS; p++) {
        double *x = f->point + p * n;

        vouch_test_random_point(&f->random, n, f->task.low, f->task.high, x);
        vouch_test_ok(f->ctx, vouch_op_eval_graph(f->ctx, f->graph, VOUCH_F64, x, y));
        vouch_test_ok(f->ctx, vouch_op_eval_graph(f->ctx, &f->probe, VOUCH_F64, x,
                                                  f->value + p * f->dag->neurons));
        for (int r = 0; r < ROWS; r++) {
            double sum = f->task.row_constant[r];

            for (int64_t i = 0; i < m; i++)
                sum += f->task.row_output[r * m + i] * y[i];
            for (int64_t i = 0; i < n; i++)
                sum += f->task.row_input[r * n + i] * x[i];
            f->row[p * ROWS + r] = sum;
        }
    }
}

static void fixture_new(fixture *f, vouch_test_kind kind, uint64_t index)
{
    vouch_dag_settings settings = {.cells = 1 << 18, .root_work = 1e9};

    *f = (fixture){.ctx = vouch_test_context(), .index = index};
    f->arena = vouch_arena_new(f->ctx);
    f->random = vouch_random_stream(SEED, "dag", index);
    f->graph = vouch_test_random_graph(f->ctx, kind, SEED, index);
    make_task(f);
    vouch_test_ok(f->ctx, vouch_dag_open(f->ctx, &f->task, &settings, &f->dag));
    vouch_test_ok(f->ctx, vouch_dag_worker_new(f->ctx, f->dag, &f->worker));
    make_probe(f);
    sample(f);
}

static void fixture_free(fixture *f)
{
    vouch_dag_worker_free(f->ctx, f->worker);
    vouch_dag_close(f->ctx, f->dag);
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

static double tolerance(double a, double b) { return 1e-7 * (1 + fabs(a) + fabs(b)); }

static void check_inside(const fixture *f, const vouch_dag_intervals *at)
{
    for (int p = 0; p < POINTS; p++)
        for (int64_t j = 0; f->inside[p] && j < f->dag->neurons; j++) {
            double z = f->value[p * f->dag->neurons + j];

            if (isfinite(z) && !(z >= at->low[j] - tolerance(z, at->low[j]) &&
                                 z <= at->high[j] + tolerance(z, at->high[j])))
                fail_msg("network %llu: neuron %lld is %g at a point, bounds [%g, %g]",
                         (unsigned long long)f->index, (long long)j, z, at->low[j],
                         at->high[j]);
        }
}

static void check_lower(const fixture *f, int which, double lower)
{
    for (int p = 0; p < POINTS; p++) {
        const double *row = f->row + p * ROWS;
        double most = which == 0 ? row[0] : fmax(row[1], row[2]);

        if (f->inside[p] && isfinite(most) && !(most >= lower - tolerance(most, lower)))
            fail_msg("network %llu: case %d is %g at a point, bounded by %g",
                     (unsigned long long)f->index, which, most, lower);
    }
}

/* An empty subproblem (infinity) has no point below 0, and -infinity claims nothing. */
static double claimed(const vouch_dag_answer *answer)
{
    return answer->lower > 1e300 ? 0 : fmax(answer->lower, -1e300);
}

/* What was cut off holds no point of the case. */
static void check_clip(const fixture *f, int which, const vouch_dag_answer *answer)
{
    int64_t n = f->task.input_count;

    for (int p = 0; p < POINTS; p++) {
        const double *row = f->row + p * ROWS, *x = f->point + p * n;
        double most = which == 0 ? row[0] : fmax(row[1], row[2]);

        for (int64_t i = 0; answer->low && f->inside[p] && most < -1e-7 && i < n; i++)
            if (x[i] < answer->low[i] || x[i] > answer->high[i])
                fail_msg("network %llu: case %d is %g at a point that was cut off",
                         (unsigned long long)f->index, which, most);
    }
}

/* Decisions through the values that a sampled point has, so that something is left. */
static int draw_decisions(fixture *f, vouch_decision *decision)
{
    int p = (int)vouch_random_below(&f->random, POINTS), count = 0;
    int64_t n = f->task.input_count;

    for (int k = 0; k < DECISIONS; k++) {
        int64_t j = (int64_t)vouch_random_below(&f->random, (uint64_t)(f->dag->neurons + n));
        double z = j < f->dag->neurons ? f->value[p * f->dag->neurons + j]
                                       : f->point[p * n + j - f->dag->neurons];

        if (isfinite(z))
            decision[count++] = (vouch_decision){
                .neuron = (int32_t)j,
                .upper = vouch_random_below(&f->random, 2),
                .point = z,
                .open = j < f->dag->neurons && vouch_random_below(&f->random, 4) == 0};
    }
    return count;
}

static void mark_inside(fixture *f, int count, const vouch_decision *decision)
{
    int64_t n = f->task.input_count;

    for (int p = 0; p < POINTS; p++) {
        f->inside[p] = true;
        for (int k = 0; k < count; k++) {
            int64_t j = decision[k].neuron;
            double z = j < f->dag->neurons ? f->value[p * f->dag->neurons + j]
                                           : f->point[p * n + j - f->dag->neurons];

            if ((decision[k].upper ? z > decision[k].point : z < decision[k].point) ||
                (decision[k].open && z == decision[k].point))
                f->inside[p] = false;
        }
    }
}

static void check_bounds(fixture *f, const vouch_dag_intervals *at, int count,
                         const vouch_decision *decision)
{
    vouch_dag_job job[2 * CASES];
    vouch_dag_answer answer[2 * CASES];

    for (int k = 0; k < 2 * CASES; k++)
        job[k] = (vouch_dag_job){.at = at,
                                 .which_case = k % CASES,
                                 .decision_count = count,
                                 .decision = decision,
                                 .clip = true,
                                 .steps = k < CASES ? 0 : 6};
    vouch_test_ok(f->ctx, vouch_dag_bound(f->worker, 2 * CASES, job, answer));
    for (int k = 0; k < 2 * CASES; k++) {
        check_lower(f, k % CASES, claimed(&answer[k]));
        check_clip(f, k % CASES, &answer[k]);
    }
    for (int k = 0; k < CASES; k++)
        if (!answer[k + CASES].proved && !isinf(answer[k].lower) && /* clipping may end it */
            !(answer[k + CASES].lower >= answer[k].lower - tolerance(answer[k].lower, 0)))
            fail_msg("network %llu: %g after steps, %g before", (unsigned long long)f->index,
                     answer[k + CASES].lower, answer[k].lower);
}

/* Several boxes at once give what each gives alone, bit by bit. */
static void check_roots(fixture *f)
{
    size_t n = (size_t)f->task.input_count, scalars = (size_t)f->dag->scalars;
    double *middle = VOUCH_NEW_ARRAY(f->arena, double, n);
    const double *low[] = {f->task.low, middle, f->task.low};
    const double *high[] = {middle, f->task.high, f->task.high};
    vouch_dag_intervals *at[3], *alone;

    for (size_t i = 0; i < n; i++)
        middle[i] = .5 * f->task.low[i] + .5 * f->task.high[i];
    vouch_test_ok(f->ctx, vouch_dag_roots(f->worker, 3, low, high, at));
    for (int k = 0; k < 2; k++) {
        vouch_test_ok(f->ctx, vouch_dag_root(f->worker, low[k], high[k], &alone));
        assert_int_equal(alone == NULL, at[k] == NULL);
        if (alone) {
            assert_memory_equal(alone->low, at[k]->low, scalars * sizeof(double));
            assert_memory_equal(alone->high, at[k]->high, scalars * sizeof(double));
        }
        vouch_dag_intervals_drop(f->ctx, alone);
    }
    for (int k = 0; k < 3; k++)
        vouch_dag_intervals_drop(f->ctx, at[k]);
}

/* No walks; walks of all neurons; a few, where random scores want them. */
static vouch_dag_effort draw_effort(fixture *f, int which)
{
    int64_t neurons = vouch_dag_neuron_count(f->dag);
    double *score = VOUCH_NEW_ARRAY(f->arena, double, neurons + f->task.input_count);

    assert_non_null(score);
    for (int64_t j = 0; j < neurons; j++)
        score[j] = fmax(vouch_random_unit(&f->random) - .3, 0);
    return (vouch_dag_effort){.walks = which == 0   ? 0
                                       : which == 1 ? 1000
                                                    : 3,
                              .score = which == 2 ? score : NULL,
                              .threads = which};
}

static void check_network(vouch_test_kind kind, uint64_t index)
{
    fixture f;
    vouch_decision decision[DECISIONS];
    vouch_dag_intervals *root, *child;
    int count;

    fixture_new(&f, kind, index);
    mark_inside(&f, 0, NULL);
    vouch_test_ok(f.ctx, vouch_dag_root(f.worker, f.task.low, f.task.high, &root));
    check_roots(&f);
    if (root) {
        check_inside(&f, root);
        check_bounds(&f, root, 0, NULL);
        count = draw_decisions(&f, decision);
        mark_inside(&f, count, decision);
        for (int effort = 0; effort < 3; effort++) {
            const vouch_dag_effort some = draw_effort(&f, effort);

            vouch_test_ok(f.ctx,
                          vouch_dag_narrow(f.worker, root, count, decision, &some, &child));
            if (!child)
                continue;
            check_inside(&f, child);
            check_bounds(&f, child, count, decision);
            vouch_dag_intervals_drop(f.ctx, child);
        }
        vouch_dag_intervals_drop(f.ctx, root);
    }
    fixture_free(&f);
}

/* ---- local rows -------------------------------------------------------------------------- */

enum { WALKED = 12 };

/* Lower bounds of rows of value v, by local rows where mix is NULL, else by whole ones. */
static bool walk_rows(fixture *f, int v, vouch_dag_row *row, const float *mix, double *lower)
{
    bool local;

    for (int r = 0; r < WALKED; r++)
        row[r].mix = mix;
    vouch_test_ok(f->ctx, vouch_dag_walk_run(f->worker, WALKED, row, v, false));
    memcpy(lower, f->worker->walk.lower, WALKED * sizeof *lower);
    local = f->worker->walk.local;
    vouch_dag_walk_end(f->worker);
    return local;
}

/* Rows of random scalars, near each other, of value v. */
static int compare_walks(fixture *f, const vouch_dag_intervals *at, int v, const float *unset)
{
    int64_t count = vouch_bounds_count(f->dag->graph, v);
    int64_t first = (int64_t)vouch_random_below(&f->random, (uint64_t)count);
    double lower[2][WALKED];
    vouch_dag_row row[WALKED];
    bool local;

    f->dag->tile[v].size[0] = 1; /* even where it does not pay */
    for (int r = 0; r < WALKED; r++)
        row[r] = (vouch_dag_row){
            .at = at, .scalar = (first + (r / 2 + r % 3 * 5)) % count, .sign = r % 2 ? 1 : -1};
    local = walk_rows(f, v, row, NULL, lower[0]);
    assert_false(walk_rows(f, v, row, unset, lower[1]));
    for (int r = 0; r < WALKED; r++)
        if (fabs(lower[0][r] - lower[1][r]) > 1e-9 * (1 + fabs(lower[1][r])))
            fail_msg("network %llu: value %d, scalar %lld: %.17g locally, %.17g as a whole",
                     (unsigned long long)f->index, v, (long long)row[r].scalar, lower[0][r],
                     lower[1][r]);
    return local;
}

static void local_rows_give_the_bounds_of_whole_ones(void **state)
{
    int local = 0;

    (void)state;
    for (uint64_t index = 0; index < count_of(60); index++) {
        fixture f;
        float *unset;

        fixture_new(&f, VOUCH_TEST_IMAGES, index);
        unset = VOUCH_NEW_ARRAY(f.arena, float, f.dag->mixes);
        assert_non_null(unset);
        for (int64_t i = 0; i < f.dag->mixes; i++)
            unset[i] = -1;
        for (int v = 0; f.dag->hull && v < f.dag->graph->value_count; v++)
            if (f.dag->reader[v] >= 0 && f.dag->graph->value[v].producer >= 0)
                local += compare_walks(&f, f.dag->hull, v, unset);
        fixture_free(&f);
    }
    assert_true(local > 50);
}

/* ---- inputs that stay -------------------------------------------------------------------- */

/* A box inside the hull in which about a third of the inputs move. */
static void still_box(fixture *f, double *low, double *high)
{
    for (int i = 0; i < f->task.input_count; i++) {
        low[i] = f->task.low[i];
        high[i] = vouch_random_below(&f->random, 3) ? low[i] : f->task.high[i];
    }
}

/* Intervals of the box with a frame and without; was there one? Of networks of Relus: where lines
 * jump, at ends of intervals, rounding can decide. */
static bool compare_frames(fixture *f, const double *low, const double *high)
{
    const int entry = f->dag->entry;
    vouch_dag_intervals *at[2];
    bool framed;

    vouch_test_ok(f->ctx, vouch_dag_root(f->worker, low, high, &at[0]));
    f->dag->entry = -1;
    vouch_test_ok(f->ctx, vouch_dag_root(f->worker, low, high, &at[1]));
    f->dag->entry = entry;
    assert_int_equal(at[0] == NULL, at[1] == NULL);
    framed = at[0] && at[0]->frame;
    for (int64_t j = 0; at[0] && j < f->dag->scalars; j++) {
        double a = at[0]->low[j], b = at[1]->low[j], c = at[0]->high[j], d = at[1]->high[j];

        if (fabs(a - b) > 1e-9 * (1 + fabs(b)) || fabs(c - d) > 1e-9 * (1 + fabs(d)))
            fail_msg("network %llu: scalar %lld is in [%.17g, %.17g], by whole rows in "
                     "[%.17g, %.17g]",
                     (unsigned long long)f->index, (long long)j, a, c, b, d);
    }
    for (int k = 0; k < 2; k++)
        vouch_dag_intervals_drop(f->ctx, at[k]);
    return framed;
}

static void inputs_that_stay_change_bounds_by_rounding_alone(void **state)
{
    int framed = 0;

    (void)state;
    for (uint64_t index = 0; index < count_of(100); index++) {
        fixture f;
        double *low, *high;

        fixture_new(&f, VOUCH_TEST_DENSE, index);
        low = random_numbers(&f, f.task.input_count);
        high = random_numbers(&f, f.task.input_count);
        for (int round = 0; f.dag->hull && round < 4; round++) {
            still_box(&f, low, high);
            framed += compare_frames(&f, low, high);
        }
        fixture_free(&f);
    }
    assert_true(framed > 20);
}

/* A child's inputs may stop moving where its parent's frame has them move. */
static void children_keep_the_frame_and_its_bounds_hold(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < count_of(60); index++) {
        fixture f;
        vouch_dag_intervals *root, *child = NULL;
        vouch_decision decision[DECISIONS];
        const vouch_dag_effort effort = {.walks = 1000};
        double *low, *high;
        int count;

        fixture_new(&f, VOUCH_TEST_DENSE, index);
        low = random_numbers(&f, f.task.input_count);
        high = random_numbers(&f, f.task.input_count);
        still_box(&f, low, high);
        f.task.low = low;
        f.task.high = high;
        sample(&f);
        mark_inside(&f, 0, NULL);
        vouch_test_ok(f.ctx, vouch_dag_root(f.worker, f.task.low, f.task.high, &root));
        if (root) {
            check_inside(&f, root);
            count = draw_decisions(&f, decision);
            mark_inside(&f, count, decision);
            vouch_test_ok(f.ctx,
                          vouch_dag_narrow(f.worker, root, count, decision, &effort, &child));
        }
        if (child) {
            assert_ptr_equal(child->frame, root->frame);
            check_inside(&f, child);
        }
        vouch_dag_intervals_drop(f.ctx, child);
        vouch_dag_intervals_drop(f.ctx, root);
        fixture_free(&f);
    }
}

static void bounds_hold_on_networks_of_images(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < count_of(40); index++)
        check_network(VOUCH_TEST_IMAGES, index);
}

static void bounds_hold_at_sampled_points(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < count_of(150); index++)
        check_network(VOUCH_TEST_ANY, index);
}

static void bounds_hold_on_dense_relu_networks(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < count_of(100); index++)
        check_network(VOUCH_TEST_DENSE, index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_hold_at_sampled_points),
        cmocka_unit_test(bounds_hold_on_dense_relu_networks),
        cmocka_unit_test(bounds_hold_on_networks_of_images),
        cmocka_unit_test(local_rows_give_the_bounds_of_whole_ones),
        cmocka_unit_test(inputs_that_stay_change_bounds_by_rounding_alone),
        cmocka_unit_test(children_keep_the_frame_and_its_bounds_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
