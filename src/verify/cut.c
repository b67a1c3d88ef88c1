/* The shapes of a cut (cut.h). */
#include "verify/cut.h"

#include <string.h>

enum { MAX_PARTS = 4 };

static bool can_cut(const vouch_cut_view *v, int d)
{
    double middle = v->round(v->low[d] + (v->high[d] - v->low[d]) / 2);
    return v->low[d] < middle && middle < v->high[d];
}

/* The best dimension that can be cut and is not yet an axis; -1 if none. */
static int best_dimension(const vouch_cut_view *v, const vouch_cut *cut)
{
    int best = -1;
    for (int d = 0; d < v->input_size; d++) {
        bool taken = !can_cut(v, d);
        for (int a = 0; a < cut->axes; a++)
            taken |= cut->axis[a].dimension == d;
        if (!taken && (best < 0 || v->score[d] > v->score[best]))
            best = d;
    }
    return best;
}

/* Adds an axis cut at the given fractions; points that rounding made coincide are left out. */
static bool add_axis(const vouch_cut_view *v, vouch_cut *cut, int d, int points,
                     const double *fraction)
{
    int parts = 1;
    double last = v->low[d];
    if (d < 0 || cut->axes == VOUCH_CUT_AXES)
        return false;
    for (int i = 0; i < points; i++) {
        double at = v->round(v->low[d] + fraction[i] * (v->high[d] - v->low[d]));
        if (at > last && at < v->high[d])
            cut->axis[cut->axes].at[parts++ - 1] = last = at;
    }
    if (parts == 1)
        return false;
    cut->axis[cut->axes].dimension = d;
    cut->axis[cut->axes].parts = parts;
    cut->axes++;
    return true;
}

static void sections(const vouch_cut_view *v, vouch_cut *cut, int parts)
{
    double fraction[MAX_PARTS - 1];
    for (int i = 0; i + 1 < parts; i++)
        fraction[i] = (i + 1.0) / parts;
    int d = best_dimension(v, cut);
    if (d >= 0)
        add_axis(v, cut, d, parts - 1, fraction);
}

static void plan_bisect(const vouch_cut_view *v, vouch_cut *cut) { sections(v, cut, 2); }

static void plan_three(const vouch_cut_view *v, vouch_cut *cut) { sections(v, cut, 3); }

static void plan_four(const vouch_cut_view *v, vouch_cut *cut) { sections(v, cut, 4); }

static void plan_off_centre(const vouch_cut_view *v, vouch_cut *cut)
{
    const double fraction = 0.4;
    int d = best_dimension(v, cut);
    if (d >= 0)
        add_axis(v, cut, d, 1, &fraction);
}

static void plan_pair(const vouch_cut_view *v, vouch_cut *cut)
{
    sections(v, cut, 2);
    sections(v, cut, 2);
}

/* As many bisections as fill one batch with the children: a batch costs the same full or not.
 */
static void plan_fill(const vouch_cut_view *v, vouch_cut *cut)
{
    int pieces = 2, parts[VOUCH_CUT_AXES] = {0}, dimension[VOUCH_CUT_AXES], axes = 0;
    while (pieces * 2 * v->open <= v->lanes)
        pieces *= 2;
    for (; pieces > 1; pieces /= 2) {
        int best = -1, at = 0;
        for (int d = 0; d < v->input_size; d++)
            if (can_cut(v, d) && (best < 0 || v->score[d] > v->score[best]))
                best = d;
        if (best < 0)
            break;
        while (at < axes && dimension[at] != best)
            at++;
        if (at == VOUCH_CUT_AXES || (at < axes && parts[at] == MAX_PARTS))
            break;
        dimension[at] = best;
        parts[at] = at < axes ? parts[at] * 2 : 2;
        axes = at < axes ? axes : axes + 1;
        v->score[best] /= 2;
    }
    for (int a = 0; a < axes; a++) {
        double fraction[MAX_PARTS - 1];
        for (int i = 0; i + 1 < parts[a]; i++)
            fraction[i] = (i + 1.0) / parts[a];
        add_axis(v, cut, dimension[a], parts[a] - 1, fraction);
    }
}

static const vouch_cut_shape shapes[] = {
    {"auto", "bisections until the children fill a batch", plan_fill},
    {"bisect", "one dimension at its middle", plan_bisect},
    {"three", "one dimension into three equal parts", plan_three},
    {"four", "one dimension into four equal parts", plan_four},
    {"off-centre", "one dimension at two fifths", plan_off_centre},
    {"pair", "the two best dimensions at their middles", plan_pair},
};

const vouch_cut_shape *vouch_cut_table(size_t *count)
{
    *count = sizeof shapes / sizeof *shapes;
    return shapes;
}

const vouch_cut_shape *vouch_cut_find(const char *name)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    return NULL;
}

void vouch_cut_plan(const vouch_cut_shape *shape, const vouch_cut_view *view, vouch_cut *cut)
{
    int pieces = 1;
    cut->axes = 0;
    shape->plan(view, cut);
    for (int a = 0; a < cut->axes; a++)
        pieces *= cut->axis[a].parts;
    if (cut->axes == 0 || pieces > VOUCH_CHILD_BATCHES) { /* more no engine hands back */
        cut->axes = 0;
        plan_bisect(view, cut);
    }
}
