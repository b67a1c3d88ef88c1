/* The default: as many bisections as fill one batch with the children.
 *
 * A batch costs the same full or not, so while few boxes are open each is cut more than once:
 * the best dimension is halved, its score with it, and the best is taken again.
 */
#include "verify/cut.h"

typedef struct halvings {
    int axes, dimension[VOUCH_CUT_AXES], parts[VOUCH_CUT_AXES];
} halvings;

static int best_dimension(const vouch_cut_view *v)
{
    int best = -1;
    for (int d = 0; d < v->input_size; d++)
        if (vouch_cut_possible(v, d) && (best < 0 || v->score[d] > v->score[best]))
            best = d;
    return best;
}

/* Halves the parts of the best dimension; false where there is none, or no room. */
static bool halve(const vouch_cut_view *v, halvings *h)
{
    int best = best_dimension(v), at = 0;
    while (at < h->axes && h->dimension[at] != best)
        at++;
    if (best < 0 || at == VOUCH_CUT_AXES || (at < h->axes && h->parts[at] == VOUCH_CUT_PARTS))
        return false;
    h->dimension[at] = best;
    h->parts[at] = at < h->axes ? h->parts[at] * 2 : 2;
    h->axes = at < h->axes ? h->axes : at + 1;
    v->score[best] /= 2;
    return true;
}

static void plan(const vouch_cut_view *v, vouch_cut *cut)
{
    halvings h = {0};
    int pieces = 2;
    while (pieces * 2 * v->open <= v->lanes)
        pieces *= 2;
    for (; pieces > 1 && halve(v, &h);)
        pieces /= 2;
    for (int a = 0; a < h.axes; a++)
        vouch_cut_add_equal(v, cut, h.dimension[a], h.parts[a]);
}

const vouch_cut_shape vouch_cut_auto = {.name = "auto",
                                        .summary = "bisections until the children fill a batch",
                                        .citation = "vouch",
                                        .plan = plan};
