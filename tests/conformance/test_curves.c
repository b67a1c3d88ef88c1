/* Pointwise operators: lines, slopes and pieces against the curve in extended precision. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "op/op.h"
#include "support/op_case.h"

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * (1 + fabs(a) + fabs(b));
}

/* ---- the curves in extended precision ---------------------------------------------------- */

static long double attribute(const vouch_node *node, const char *name, double otherwise)
{
    const vouch_attr *a = vouch_node_attr(node, name);
    return (long double)(a ? a->f : otherwise);
}

static long double sigmoid(long double x) { return 1 / (1 + expl(-x)); }
static long double softplus(long double x) { return fmaxl(x, 0) + log1pl(expl(-fabsl(x))); }
static long double softsign(long double x) { return x / (1 + fabsl(x)); }
static long double reciprocal(long double x) { return 1 / x; }
static long double gelu(long double x) { return x * erfcl(-x / sqrtl(2)) / 2; }
static long double hard_swish(long double x)
{
    return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
}
static long double sign(long double x) { return (x > 0) - (x < 0); }

static const struct {
    const char *type;
    long double (*f)(long double x);
} plain[] = {
    {"Ceil", ceill},
    {"Cos", cosl},
    {"Erf", erfl},
    {"Exp", expl},
    {"Floor", floorl},
    {"Gelu", gelu},
    {"HardSwish", hard_swish},
    {"Log", logl},
    {"Reciprocal", reciprocal},
    {"Round", nearbyintl},
    {"Sigmoid", sigmoid},
    {"Sign", sign},
    {"Sin", sinl},
    {"Softplus", softplus},
    {"Softsign", softsign},
    {"Sqrt", sqrtl},
    {"Tanh", tanhl},
};

/* Of operators with attributes. */
static bool with_attributes(const op_case *f, const vouch_node *node, long double x,
                            long double *y)
{
    const char *type = node->type;
    if (strcmp(type, "Pow") == 0) {
        *y = powl(x, vouch_tensor_get(f->graph->value[node->input[1]].constant, 0));
    } else if (strcmp(type, "HardSigmoid") == 0) {
        *y = attribute(node, "alpha", (double)0.2f) * x + attribute(node, "beta", .5);
        *y = fmaxl(fminl(*y, 1), 0);
    } else if (strcmp(type, "Selu") == 0) {
        *y = 1.05070102214813232421875L * (x > 0 ? x : 1.67326319217681884765625L * expm1l(x));
    } else if (strcmp(type, "Elu") == 0) {
        *y = x > 0 ? x : attribute(node, "alpha", 1) * expm1l(x);
    } else if (strcmp(type, "Celu") == 0) {
        const long double alpha = attribute(node, "alpha", 1);
        *y = x > 0 ? x : alpha * expm1l(x / alpha);
    } else {
        return false;
    }
    return true;
}

static long double curve(const op_case *f, const vouch_node *node, double x)
{
    double at[4];
    vouch_line piece[5];
    long double y;
    for (size_t k = 0; k < VOUCH_TEST_COUNT(plain); k++)
        if (strcmp(node->type, plain[k].type) == 0)
            return plain[k].f((long double)x);
    if (with_attributes(f, node, (long double)x, &y))
        return y;
    const int breaks = node->op->pieces(f->graph, node, at, piece);
    int i = 0;
    while (i < breaks && x > at[i])
        i++;
    return (long double)piece[i].slope * (long double)x + (long double)piece[i].offset;
}

/* ---- lines ------------------------------------------------------------------------------- */

static void random_interval(op_case *f, double *low, double *high)
{
    static const double sizes[] = {1e-300, 1e-12, 1e-3, .5, 1, 3, 8, 30, 800, 1e9};
    vouch_random *r = &f->random;
    const double s = sizes[vouch_random_below(r, VOUCH_TEST_COUNT(sizes))];
    const double t = sizes[vouch_random_below(r, VOUCH_TEST_COUNT(sizes))];
    const double a = s * (2 * vouch_random_unit(r) - 1);
    const double b = vouch_random_below(r, 3)   ? a + t * vouch_random_unit(r)
                     : vouch_random_below(r, 2) ? a
                                                : -a;
    *low = fmin(a, b);
    *high = fmax(a, b);
    if (f->graph->value[f->graph->input[0]].name[0] == 'q') { /* to positive numbers */
        const double u = fabs(a), v = vouch_random_below(r, 2) ? fabs(b) : u + fabs(b);
        *low = fmin(u, v);
        *high = fmax(u, v);
    }
}

static long double line_at(vouch_line line, double x)
{
    return (long double)line.slope * (long double)x + (long double)line.offset;
}

/* A point of [l, h]: an end, on a grid or anywhere. */
static double sample(op_case *f, double l, double h, int k)
{
    const double t = k < 20 ? k / 20. : vouch_random_unit(&f->random);
    return k == 20 ? h : fmin(fmax(l + t * (h - l), l), h);
}

/* side > 0: is the line above the curve at x? */
static void check_line(op_case *f, const vouch_node *node, int side, vouch_line line,
                       const double box[2], double x)
{
    const long double y = curve(f, node, x), at = line_at(line, x);
    /* slack of the extended precision itself */
    const long double slack =
        2e-18L *
        (fabsl(y) + fabsl(at) + fabsl((long double)line.slope * (long double)x) + 1e-300L);
    const bool good = side * (at - y) >= -slack || isinf(at) || isinf(y);
    if (!good)
        print_error("[%.17g, %.17g] at %.17g: %.20Lg and line %.20Lg, side %d\n", box[0],
                    box[1], x, y, at, side);
    OP_EXPECT(f, good);
}

static void check_lines(op_case *f, const vouch_node *node)
{
    for (int round = 0; round < 3000; round++) {
        double box[2];
        vouch_relaxation r;
        random_interval(f, &box[0], &box[1]);
        vouch_test_ok(f->ctx, node->op->relax(f->graph, node, box[0], box[1], &r));
        for (int k = 0; k <= 40; k++) {
            const double x = sample(f, box[0], box[1], k);
            check_line(f, node, 1, r.upper, box, x);
            check_line(f, node, -1, r.lower, box, x);
        }
    }
}

static void check_family_of(op_case *f, const vouch_node *node, int side, const vouch_lines *l,
                            const double box[2])
{
    OP_EXPECT(f, l->count >= 1 && l->count <= VOUCH_LINES_MAX);
    OP_EXPECT(f, l->start >= 0 && l->start <= l->count - 1);
    for (int i = 0; i < l->count; i++)
        for (int k = 0; k <= 30; k++)
            check_line(f, node, side, l->line[i], box, sample(f, box[0], box[1], k));
    for (int i = 0; i + 1 < l->count; i++)
        OP_EXPECT(f, l->line[i].slope <= l->line[i + 1].slope);
}

static void check_family(op_case *f, const vouch_node *node)
{
    for (int round = 0; node->op->lines && round < 1000; round++) {
        double box[2];
        vouch_lines below, above;
        random_interval(f, &box[0], &box[1]);
        if (box[0] == box[1])
            continue;
        vouch_test_ok(f->ctx, node->op->lines(f->graph, node, box[0], box[1], &below, &above));
        check_family_of(f, node, -1, &below, box);
        check_family_of(f, node, 1, &above, box);
        const double at = node->op->split_point(f->graph, node, box[0], box[1]);
        OP_EXPECT(f, isnan(at) || (at >= box[0] && at <= box[1]));
    }
}

static void check_slopes(op_case *f, const vouch_node *node)
{
    for (int round = 0; round < 500; round++) {
        double l, h, least, most;
        random_interval(f, &l, &h);
        node->op->slopes(f->graph, node, l, h, &least, &most);
        OP_EXPECT(f, least <= most);
        const double x = fmin(fmax(l + (h - l) * vouch_random_unit(&f->random), l), h);
        const double z = fmin(fmax(l + (h - l) * vouch_random_unit(&f->random), l), h);
        const long double rise = curve(f, node, x) - curve(f, node, z);
        const long double run = (long double)x - (long double)z;
        const long double slack =
            1e-17L * (1 + fabsl(curve(f, node, x)) + fabsl(curve(f, node, z)));
        if (run > 0 && isfinite(rise) && isfinite(most))
            OP_EXPECT(f, rise >= least * run - slack && rise <= most * run + slack);
    }
}

static void check_curve(op_case *f, const vouch_node *node)
{
    bool varying[64];
    vouch_op_varying(f->graph, varying);
    const vouch_op_class op_class = vouch_op_node_class(f->graph, node, varying);
    if (op_class != VOUCH_OP_POINTWISE && (op_class != VOUCH_OP_STEP || !node->op->relax))
        return;
    check_lines(f, node);
    check_family(f, node);
    check_slopes(f, node);
}

static void lines_and_slopes_enclose_the_curve(void **state)
{
    (void)state;
    vouch_test_op_all(check_curve, 1);
}

static void check_pieces(op_case *f, const vouch_node *node)
{
    double at[4];
    vouch_line piece[5];
    op_operands o;
    if (!node->op->pieces)
        return;
    const int breaks = node->op->pieces(f->graph, node, at, piece);
    vouch_test_op_operands(f, node, &o);
    vouch_test_op_evaluate(f, &o);
    for (int64_t k = 0; k < o.out[0]->count; k++)
        OP_EXPECT(f, near(o.out[0]->f64[k], (double)curve(f, node, o.in[0]->f64[k]), 1e-15));
    for (int i = 0; i < breaks; i++)
        OP_EXPECT(f, line_at(piece[i], at[i]) == line_at(piece[i + 1], at[i]));
}

static void pieces_are_continuous_and_equal_the_curve(void **state)
{
    (void)state;
    vouch_test_op_all(check_pieces, 2);
}

/* Area between the lines of Sigmoid and Tanh on [-2, 2] against the parallel lines' one. */
static void lines_of_s_curves_are_tight(void **state)
{
    (void)state;
    op_case f;
    vouch_test_op_open(&f, "Tanh 13 | v1 |", 0);
    vouch_relaxation r;
    const vouch_node *node = f.graph->node;
    vouch_test_ok(f.ctx, node->op->relax(f.graph, node, -2, 2, &r));
    const double gap = r.upper.offset - r.lower.offset; /* at the middle */
    assert_true(gap < 1.05); /* parallel lines of least slope: 1.79 */
    vouch_test_ok(f.ctx, node->op->relax(f.graph, node, .5, .6, &r));
    assert_true(r.upper.slope * .55 + r.upper.offset - tanh(.55) < 2e-15);
    assert_true(tanh(.55) - r.lower.slope * .55 - r.lower.offset < 2e-3);
    vouch_test_op_close(&f);
}

/* The greatest distance of the lines, at the middle, against the least possible. */
static double gap_of(const char *text, double low, double high)
{
    op_case f;
    vouch_relaxation r;
    vouch_test_op_open(&f, text, 0);
    vouch_test_ok(f.ctx, f.graph->node->op->relax(f.graph, f.graph->node, low, high, &r));
    const double mid = low + (high - low) / 2;
    vouch_test_op_close(&f);
    return (r.upper.slope - r.lower.slope) * mid + r.upper.offset - r.lower.offset;
}

static void lines_are_as_near_as_envelopes_allow(void **state)
{
    (void)state;
    const double pi = acos(-1);
    assert_true(fabs(gap_of("Exp 13 | v1 |", -1, 1) - (cosh(1) - 1)) < 1e-9);
    assert_true(fabs(gap_of("Pow 15 | v1 s2 |", -1, 3) - 4) < 1e-9);
    assert_true(fabs(gap_of("Sqrt 13 | q1 |", 0, 4) - (sqrt(2) - 1)) < 1e-9);
    assert_true(fabs(gap_of("Reciprocal 13 | q1 |", 1, 3) - (2. / 3 - .5)) < 1e-9);
    assert_true(fabs(gap_of("Sin 7 | v1 |", 0, pi) - 1) < 1e-9); /* 1 above, 0 below */
    assert_true(fabs(gap_of("Sin 7 | v1 |", -pi, 3 * pi) - 2) < 1e-2);
    assert_true(gap_of("Cos 7 | v1 |", 1000, 1000.5) < .07);
    assert_true(fabs(gap_of("Sin 7 | v1 |", 0, 1e6) - 2) < 1e-9);
    assert_true(gap_of("Floor 13 | v1 |", -.5, .5) < 1.01);
    assert_true(gap_of("Sign 13 | v1 |", -1, 4) < 1.61);
    assert_true(gap_of("Tanh 13 | v1 |", .5, .5 + 1e-5) < 1e-10);
    assert_true(gap_of("Gelu 20 | v1 |", 2, 2.5) < .01);
}

/* Beside a point a step has the value that it has a little way off; at it, its own. */
static void limits_of_steps_are_their_values_beside_a_point(void **state)
{
    static const char *const cases[] = {"Floor 13 | v1 |", "Ceil 13 | v1 |", "Round 13 | v1 |",
                                        "Sign 13 | v1 |"};
    (void)state;
    for (size_t i = 0; i < VOUCH_TEST_COUNT(cases); i++) {
        op_case f;
        vouch_test_op_open(&f, cases[i], 0);
        const vouch_node *node = f.graph->node;
        for (double x = -3; x <= 3; x += .25) /* jumps are at multiples of a half */
            for (int side = -1; side <= 1; side++) {
                const double point[] = {x + side * .125};
                double y;
                vouch_test_ok(f.ctx, vouch_op_eval_graph(f.ctx, f.graph, VOUCH_F64, point, &y));
                assert_true(node->op->limit(f.graph, node, x, side) == y);
            }
        vouch_test_op_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_slopes_enclose_the_curve),
        cmocka_unit_test(pieces_are_continuous_and_equal_the_curve),
        cmocka_unit_test(lines_of_s_curves_are_tight),
        cmocka_unit_test(lines_are_as_near_as_envelopes_allow),
        cmocka_unit_test(limits_of_steps_are_their_values_beside_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
