/* Local rows: walks that keep the patch of an image which they reach.
 *
 * Problem: a neuron of an early convolutional layer depends on a small patch of every image
 * before it, but a row of its walk has a coefficient for every scalar, nearly all of them zero.
 * Method:  neurons of a few neighbouring positions, all channels, are walked together, and of an
 *          image value [1][C][H][W] the rows have coefficients on one patch, [rows][C][h][w]. An
 *          operator says which patch of its input a patch of its output depends on (op->patch),
 *          and multiplies between the two; where branches join, the patch is the least that
 *          covers both; where an operator knows no patches, the rows become whole.
 *
 * Coefficients outside are exactly zero, so bound and account of rounding are the formulas of the
 * walk (dag_walk.c) over fewer scalars. What a node needs of its scalars (intervals, magnitudes,
 * offsets) is gathered once for all rows: local rows share one box and take the default mixes.
 */
#include <string.h>

#include "bounds/dag_priv.h"

/* ---- patches of values ------------------------------------------------------------------- */

static bool image_of(const vouch_dag *dag, int v, vouch_patch *image)
{
    return vouch_patch_whole(&dag->graph->value[v].shape, image);
}

static int64_t count_of(const vouch_dag *dag, int v, const vouch_patch *p)
{
    return p->channels ? vouch_patch_count(p) : vouch_bounds_count(dag->graph, v);
}

int64_t vouch_dag_width(const vouch_dag_worker *w, int v)
{
    return count_of(w->dag, v, &w->walk.patch[v]);
}

const void *vouch_dag_see(vouch_dag_worker *w, int v, const void *data, size_t size)
{
    const vouch_patch *p = &w->walk.patch[v];
    vouch_patch image;
    void *seen;

    if (p->channels == 0 || !image_of(w->dag, v, &image))
        return data;
    seen = vouch_arena_array(w->scratch, (size_t)vouch_patch_count(p), size);
    if (seen)
        vouch_patch_copy(&image, data, p, seen, size);
    return seen;
}

/* ---- what nodes do to them --------------------------------------------------------------- */

/* Inputs through which a walk leaves node n; *list the indices into node->input. */
static int inputs_of(const vouch_dag *dag, int n, const int **list)
{
    static const int first[] = {0, 1};

    *list = first;
    switch (dag->node[n].step) {
    case VOUCH_DAG_AFFINE:
        *list = dag->affine[n].which;
        return dag->affine[n].input_count;
    case VOUCH_DAG_RELU:
    case VOUCH_DAG_CURVE:
        return 1;
    case VOUCH_DAG_PRODUCT:
        return 2;
    case VOUCH_DAG_DEAD:
    case VOUCH_DAG_OTHER:
    default:
        return 0;
    }
}

bool vouch_dag_patch_pull(const vouch_dag *dag, int n, int which, const vouch_patch *y,
                          vouch_patch *x)
{
    const vouch_node *node = &dag->graph->node[n];
    const vouch_shape *in = &dag->graph->value[node->input[which]].shape;
    vouch_patch image;

    if (!vouch_patch_whole(in, &image))
        return false;
    *x = *y;
    switch (dag->node[n].step) {
    case VOUCH_DAG_AFFINE:
        return node->op->patch && node->op->patch(dag->graph, node, which, y, x);
    case VOUCH_DAG_RELU:
    case VOUCH_DAG_CURVE:
        return vouch_shape_equal(in, &dag->graph->value[node->output[0]].shape);
    case VOUCH_DAG_DEAD:
    case VOUCH_DAG_PRODUCT:
    case VOUCH_DAG_OTHER:
    default:
        return false;
    }
}

/* Can the node pass that patch of its output to all of its inputs? */
static bool passes(const vouch_dag *dag, int n, const vouch_patch *y)
{
    const int *which;
    vouch_patch x;

    for (int k = inputs_of(dag, n, &which) - 1; k >= 0; k--)
        if (!vouch_dag_patch_pull(dag, n, which[k], y, &x))
            return false;
    return true;
}

/* ---- rows change their patch ------------------------------------------------------------- */

/* Rows of v, on patch `from` (channels 0: whole), laid out on patch `to`, which covers it. */
static vouch_status lay_out(vouch_dag_worker *w, int v, const vouch_patch *from,
                            const vouch_patch *to, double **rows)
{
    int64_t before = count_of(w->dag, v, from), after = count_of(w->dag, v, to);
    vouch_patch image, source = *from, target = *to;
    double *moved = vouch_pool_take(&w->pool, w->walk.count * after);

    if (!moved)
        return VOUCH_ERR_MEMORY;
    image_of(w->dag, v, &image);
    source = from->channels ? source : image;
    target = to->channels ? target : image;
    memset(moved, 0, (size_t)(w->walk.count * after) * sizeof *moved);
    for (int r = 0; r < w->walk.count; r++)
        vouch_patch_copy(&source, *rows + r * before, &target, moved + r * after,
                         sizeof *moved);
    vouch_pool_give(&w->pool, *rows);
    *rows = moved;
    return VOUCH_OK;
}

/* a: the least that covers both. */
static void unite(vouch_patch *a, const vouch_patch *b)
{
    if (a->channels && b->channels)
        vouch_patch_cover(a, b);
    else
        *a = (vouch_patch){0};
}

vouch_status vouch_dag_patch_prepare(vouch_dag_worker *w, int n, int v)
{
    const vouch_patch whole = {0};
    vouch_patch *p = &w->walk.patch[v];

    if (p->channels == 0 || passes(w->dag, n, p))
        return VOUCH_OK;
    VOUCH_TRY(lay_out(w, v, p, &whole, &w->walk.lambda[v]));
    *p = whole;
    return VOUCH_OK;
}

vouch_status vouch_dag_patch_meet(vouch_dag_worker *w, int v, const vouch_patch *patch,
                                  double **part)
{
    vouch_patch *own = &w->walk.patch[v], both = *own;

    unite(&both, patch);
    if (!vouch_patch_equal(&both, own))
        VOUCH_TRY(lay_out(w, v, own, &both, &w->walk.lambda[v]));
    if (!vouch_patch_equal(&both, patch))
        VOUCH_TRY(lay_out(w, v, patch, &both, part));
    *own = both;
    return VOUCH_OK;
}

vouch_patch vouch_dag_patch_start(const vouch_dag_worker *w, int v)
{
    const vouch_dag_walk *walk = &w->walk;
    const vouch_patch none = {0};
    vouch_patch image, p, one;
    bool alike = !walk->keep && w->dag->tile[v].size[0] > 0 && image_of(w->dag, v, &image);

    if (!alike)
        return none;
    p = vouch_patch_at(&image, walk->row[0].scalar);
    for (int r = 0; r < walk->count; r++) {
        one = vouch_patch_at(&image, walk->row[r].scalar);
        vouch_patch_cover(&p, &one);
        alike = alike && walk->row[r].at == walk->row[0].at && !walk->row[r].mix &&
                walk->row[r].decision_count == 0;
    }
    return alike ? p : none;
}

/* ---- tiles ------------------------------------------------------------------------------- */

/* A walk without numbers: which patch of every value it reaches. */
typedef struct course {
    const vouch_dag *dag;
    vouch_patch *patch; /* [value_count] */
    bool *reached;      /* [value_count] */
    double cost;        /* multiply-adds of a row */
    int64_t widest;     /* scalars of a value, at most */
} course;

static void reach(course *c, int v, const vouch_patch *p)
{
    int64_t count;

    if (c->reached[v])
        unite(&c->patch[v], p);
    else
        c->patch[v] = *p;
    c->reached[v] = true;
    count = count_of(c->dag, v, &c->patch[v]);
    c->widest = count > c->widest ? count : c->widest;
}

static void leave(course *c, int n, int v)
{
    const vouch_dag *dag = c->dag;
    const vouch_node *node = &dag->graph->node[n];
    const int *which;
    int inputs = inputs_of(dag, n, &which);
    vouch_patch y = c->patch[v], x = {0};
    double whole = (double)vouch_bounds_count(dag->graph, v);

    if (y.channels && !passes(dag, n, &y))
        y.channels = 0;
    c->cost += dag->node_cost[n] * (double)count_of(dag, v, &y) / whole;
    for (int k = 0; k < inputs; k++) {
        if (y.channels)
            vouch_dag_patch_pull(dag, n, which[k], &y, &x);
        reach(c, node->input[which[k]], &x);
    }
}

static void follow(course *c, int v, const vouch_patch *start)
{
    c->cost = 0;
    c->widest = 1;
    memset(c->reached, 0, (size_t)c->dag->graph->value_count * sizeof *c->reached);
    reach(c, v, start);
    for (int n = c->dag->graph->value[v].producer; n >= 0; n--)
        for (int o = 0; o < c->dag->graph->node[n].output_count; o++) {
            int y = c->dag->graph->node[n].output[o];

            if (y >= 0 && c->reached[y])
                leave(c, n, y);
        }
}

/* A tile of that size in the middle of the image, where no border makes it cheaper. */
static double cost_of_tile(course *c, int v, const vouch_patch *image, const int64_t *size)
{
    vouch_patch p = *image;

    for (int d = 0; d < VOUCH_PATCH_DIMS; d++) {
        p.low[d] = (image->high[d] - size[d]) / 2;
        p.high[d] = p.low[d] + size[d];
    }
    follow(c, v, &p);
    return c->cost;
}

/* The dimension in which the tile is smallest that can still be doubled, or -1. */
static int next_dimension(const vouch_patch *image, const int64_t *size)
{
    int best = -1;

    for (int d = VOUCH_PATCH_DIMS - 1; d >= 0; d--)
        if (2 * size[d] <= image->high[d] && (best < 0 || size[d] < size[best]))
            best = d;
    return best;
}

/* Products of few rows are slow, and every tile has its gathering; a larger tile makes patches
 * larger than one of its neurons needs. */
static void grow_tile(course *c, int v, const vouch_patch *image, vouch_dag_tile *tile)
{
    const double cheap = 1.05, most = 1.4, enough = 48; /* rows */

    for (int d; (d = next_dimension(image, tile->size)) >= 0;) {
        double rows = (double)image->channels, cost;

        for (int k = 0; k < VOUCH_PATCH_DIMS; k++)
            rows *= (double)tile->size[k];
        tile->size[d] *= 2;
        cost = cost_of_tile(c, v, image, tile->size);
        if (cost > (rows < enough ? most : cheap) * tile->cost) {
            tile->size[d] /= 2;
            return;
        }
        tile->cost = cost;
    }
}

static void choose_tile(course *c, int v, vouch_dag_tile *tile)
{
    const double worth = .7; /* of the cost of whole rows */
    const vouch_dag *dag = c->dag;
    vouch_dag_tile small = {.size = {1, 1, 1}};
    vouch_patch image;

    if (!image_of(dag, v, &image))
        return;
    small.cost = cost_of_tile(c, v, &image, small.size);
    grow_tile(c, v, &image, &small);
    if (small.cost > worth * tile->cost)
        return;
    cost_of_tile(c, v, &image, small.size);
    small.whole = tile->whole;
    small.rows = dag->settings.cells / (6 * c->widest);
    small.rows = small.rows < 2 ? 2 : small.rows > 512 ? 512 : small.rows;
    *tile = small;
}

vouch_status vouch_dag_patch_plan(const vouch_dag *dag, int v, vouch_arena *scratch,
                                  vouch_dag_tile *tile)
{
    vouch_arena_mark mark = vouch_arena_get_mark(scratch);
    const vouch_patch all = {0};
    course c = {.dag = dag,
                .patch = VOUCH_NEW_ARRAY(scratch, vouch_patch, dag->graph->value_count),
                .reached = VOUCH_NEW_ARRAY(scratch, bool, dag->graph->value_count)};

    if (!c.patch || !c.reached)
        return VOUCH_ERR_MEMORY;
    follow(&c, v, &all);
    *tile =
        (vouch_dag_tile){.cost = c.cost, .whole = c.cost, .rows = vouch_dag_chunk(dag, false)};
    choose_tile(&c, v, tile);
    vouch_arena_reset(scratch, mark);
    return VOUCH_OK;
}
