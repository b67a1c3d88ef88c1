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

/* The curve in extended precision. */
static long double curve(const op_case *f, const vouch_node *node, double x)
{
    double at[4];
    vouch_line piece[5];
    if (strcmp(node->type, "Tanh") == 0)
        return tanhl((long double)x);
    if (strcmp(node->type, "Sigmoid") == 0)
        return 1 / (1 + expl(-(long double)x));
    const int breaks = node->op->pieces(f->graph, node, at, piece);
    int i = 0;
    while (i < breaks && x > at[i])
        i++;
    return (long double)piece[i].slope * (long double)x + (long double)piece[i].offset;
}

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
}

static long double line_at(vouch_line line, double x)
{
    return (long double)line.slope * (long double)x + (long double)line.offset;
}

static void check_lines(op_case *f, const vouch_node *node)
{
    for (int round = 0; round < 3000; round++) {
        double l, h;
        vouch_relaxation r;
        random_interval(f, &l, &h);
        vouch_test_ok(f->ctx, node->op->relax(f->graph, node, l, h, &r));
        for (int k = 0; k <= 40; k++) {
            const double t = k < 20 ? k / 20. : vouch_random_unit(&f->random);
            const double x = k == 20 ? h : fmin(fmax(l + t * (h - l), l), h);
            const long double y = curve(f, node, x);
            /* slack of the extended precision itself */
            const long double slack =
                1e-18L * (fabsl(y) + fabsl(line_at(r.upper, x)) + fabsl(line_at(r.lower, x)) +
                          fabsl((long double)r.upper.slope * (long double)x) +
                          fabsl((long double)r.lower.slope * (long double)x));
            if (!(line_at(r.lower, x) <= y + slack && y - slack <= line_at(r.upper, x)))
                print_error("[%.17g, %.17g] at %.17g: %.20Lg not in [%.20Lg, %.20Lg]\n", l, h,
                            x, y, line_at(r.lower, x), line_at(r.upper, x));
            OP_EXPECT(f, line_at(r.lower, x) <= y + slack && y - slack <= line_at(r.upper, x));
        }
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
        const long double slack = 1e-17L * (1 + fabsl(curve(f, node, x)));
        if (run > 0)
            OP_EXPECT(f, rise >= least * run - slack && rise <= most * run + slack);
    }
}

static void check_curve(op_case *f, const vouch_node *node)
{
    if (node->op->op_class != VOUCH_OP_POINTWISE)
        return;
    check_lines(f, node);
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
    assert_true(r.upper.slope * .55 + r.upper.offset - tanh(.55) < 1e-15);
    assert_true(tanh(.55) - r.lower.slope * .55 - r.lower.offset < 2e-3);
    vouch_test_op_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_slopes_enclose_the_curve),
        cmocka_unit_test(pieces_are_continuous_and_equal_the_curve),
        cmocka_unit_test(lines_of_s_curves_are_tight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
