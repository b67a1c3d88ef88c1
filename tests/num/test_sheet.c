/* Sheets (num/sheet.h) give the same bits with every instruction set, and what their header says. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "num/sheet_tables.h"
#include "support/support.h"

enum { LINES = 3, PIXELS = 5, C = 48, PITCH = 7 * C, FLOATS = LINES * PITCH };

typedef struct operands {
    float a[FLOATS], b[FLOATS], to[FLOATS], row[4][C];
    double sum[2][C];
} operands;

static void fill(operands *o)
{
    vouch_random r = vouch_random_stream(3, "sheet", 0);
    float *all[] = {o->a, o->b, o->to, o->row[0]};
    const int count[] = {FLOATS, FLOATS, FLOATS, 4 * C};
    memset(o->sum, 0, sizeof o->sum);
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < count[k]; i++)
            all[k][i] = (float)(2 * vouch_random_unit(&r) - 1);
    o->a[1] = NAN;
}

static const vouch_sheet sheet = {LINES, PIXELS, C};

static void run_all(const vouch_sheet_table *t, operands *o, bool flag)
{
    fill(o);
    t->map(&(vouch_sheet_map){sheet, o->a, o->to, PITCH, PITCH, o->row[0], o->row[1],
                              .relu = flag});
    t->back(&(vouch_sheet_back){sheet, o->a, o->b, o->to, PITCH, PITCH, PITCH, o->row[0],
                                o->row[1], o->row[2], o->row[3], .add = flag, .gate = !flag});
    t->pass(&(vouch_sheet_pass){sheet, o->b, flag ? o->a : NULL, o->to, PITCH, PITCH, PITCH,
                                .add = true});
    t->sums(&(vouch_sheet_sums){sheet, o->to, flag ? o->b : NULL, PITCH, PITCH, o->row[0],
                                o->sum[0], o->sum[1]});
    t->pair(&(vouch_sheet_pair){sheet, o->to, o->b, o->to, PITCH, PITCH, PITCH, .relu = flag});
}

static void every_instruction_set_gives_the_same_bits(void **state)
{
    (void)state;
    const vouch_sheet_table *const tables[] = {
#if defined(__x86_64__)
        __builtin_cpu_supports("avx2") ? &vouch_sheet_avx2 : NULL,
        __builtin_cpu_supports("avx512f") ? &vouch_sheet_avx512 : NULL,
#endif
        NULL
    };
    static operands plain, other;
    for (int flag = 0; flag < 2; flag++)
        for (int k = 0; tables[k]; k++) {
            run_all(&vouch_sheet_generic, &plain, flag);
            run_all(tables[k], &other, flag);
            assert_memory_equal(&plain, &other, sizeof plain);
        }
}

/* Against plain loops; NaN stays through a ReLU, and what lies between lines is left alone. */
static void sums_and_maps_follow_their_formulas(void **state)
{
    (void)state;
    static operands o, was;
    fill(&o);
    was = o;
    vouch_sheet_run_map(
        &(vouch_sheet_map){sheet, o.a, o.to, PITCH, PITCH, o.row[0], o.row[1], .relu = true});
    vouch_sheet_add_sums(
        &(vouch_sheet_sums){sheet, o.b, NULL, PITCH, PITCH, o.row[2], o.sum[0], o.sum[1]});
    double sum = 0, square = 0;
    for (int i = 0; i < FLOATS; i++) {
        const bool inside = i % PITCH < PIXELS * C;
        const float v = o.a[i] * o.row[0][i % C] + o.row[1][i % C];
        const double off = (double)(o.b[i] - o.row[2][2]);
        if (i == 1)
            assert_true(isnan(o.to[i]));
        else
            assert_true(o.to[i] == (inside ? fmaxf(v, 0) : was.to[i]));
        if (inside && i % C == 2) {
            sum += off;
            square += off * off;
        }
    }
    assert_true(fabs(o.sum[0][2] - sum) < 1e-5 && fabs(o.sum[1][2] - square) < 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
        cmocka_unit_test(sums_and_maps_follow_their_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
