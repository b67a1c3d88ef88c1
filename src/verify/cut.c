/* The table of shapes of a cut, expanded from cut.def, and what shapes are made of (cut.h). */
#include "verify/cut.h"

#include <string.h>

/* ---- the table ---------------------------------------------------------------------------- */

#define VOUCH_CUT(name) extern const vouch_cut_shape vouch_cut_##name;
#include "verify/cut.def"
#undef VOUCH_CUT

const vouch_cut_shape *const *vouch_cut_table(void)
{
    static const vouch_cut_shape *const table[] = {
#define VOUCH_CUT(name) &vouch_cut_##name,
#include "verify/cut.def"
#undef VOUCH_CUT
        NULL};
    return table;
}

const vouch_cut_shape *vouch_cut_find(const char *name)
{
    const vouch_cut_shape *const *at = vouch_cut_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

/* ---- helpers ------------------------------------------------------------------------------ */

bool vouch_cut_possible(const vouch_cut_view *v, int d)
{
    double middle = v->round(v->low[d] + (v->high[d] - v->low[d]) / 2);
    return v->low[d] < middle && middle < v->high[d];
}

int vouch_cut_best(const vouch_cut_view *v, const vouch_cut *cut)
{
    int best = -1;
    for (int d = 0; d < v->input_size; d++) {
        bool taken = !vouch_cut_possible(v, d);
        for (int a = 0; a < cut->axes; a++)
            taken |= cut->axis[a].dimension == d;
        if (!taken && (best < 0 || v->score[d] > v->score[best]))
            best = d;
    }
    return best;
}

void vouch_cut_add(const vouch_cut_view *v, vouch_cut *cut, int d, int points,
                   const double *fraction)
{
    int parts = 1;
    if (d < 0 || cut->axes == VOUCH_CUT_AXES)
        return;
    double last = v->low[d];
    for (int i = 0; i < points; i++) {
        double at = v->round(v->low[d] + fraction[i] * (v->high[d] - v->low[d]));
        if (at > last && at < v->high[d])
            cut->axis[cut->axes].at[parts++ - 1] = last = at;
    }
    if (parts == 1)
        return;
    cut->axis[cut->axes].dimension = d;
    cut->axis[cut->axes].parts = parts;
    cut->axes++;
}

void vouch_cut_add_equal(const vouch_cut_view *v, vouch_cut *cut, int d, int parts)
{
    double fraction[VOUCH_CUT_PARTS - 1];
    for (int i = 0; i + 1 < parts; i++)
        fraction[i] = (i + 1.0) / parts;
    vouch_cut_add(v, cut, d, parts - 1, fraction);
}

/* ---- planning ----------------------------------------------------------------------------- */

void vouch_cut_plan(const vouch_cut_shape *shape, const vouch_cut_view *view, vouch_cut *cut)
{
    int pieces = 1;
    cut->axes = 0;
    shape->plan(view, cut);
    for (int a = 0; a < cut->axes; a++)
        pieces *= cut->axis[a].parts;
    if (cut->axes == 0 || pieces > VOUCH_CHILD_BATCHES) { /* more no engine hands back */
        cut->axes = 0;
        vouch_cut_add_equal(view, cut, vouch_cut_best(view, cut), 2);
    }
}
