/* Walks of neurons, value by value: which, in which chunks, for how much work.
 *
 * Problem: the walks that an analysis would like may cost more than it is worth; early neurons
 *          make the bounds of all later ones tight, but nothing is won if later ones are not
 *          walked at all.
 * Method:  what the values to come will want is estimated from intervals known before, which are
 *          looser, so more. A value gets what it wants if that leaves enough for them; else a
 *          share as its part of the whole, or half of what is left if that is more, for the
 *          neurons with the largest scores, or that relaxing costs most.
 *
 * Neurons are taken tile by tile where that is cheaper (dag_patch.c): a chunk is then a tile of
 * one box. Which thread takes a chunk changes nothing.
 */
#include <stdlib.h>

#include "base/workers.h"
#include "bounds/dag_analysis.h"

/* ---- which ------------------------------------------------------------------------------- */

/* An affine image of the inputs alone has its exact interval already. */
static bool is_first_layer(const vouch_dag *dag, int producer)
{
    const vouch_graph *graph = dag->graph;
    const vouch_affine *affine = &dag->affine[producer];

    if (dag->node[producer].step != VOUCH_DAG_AFFINE || affine->input_count != 1)
        return false;
    for (int k = 0; k < graph->input_count; k++)
        if (graph->input[k] == graph->node[producer].input[affine->which[0]])
            return true;
    return false;
}

static bool is_walked(const vouch_dag *dag, int v)
{
    int producer = dag->graph->value[v].producer;

    return dag->reader[v] >= 0 && producer >= 0 && !is_first_layer(dag, producer);
}

/* A value that only moves or negates what another one has takes its intervals over. */
static bool takes_over(const vouch_dag *dag, int v)
{
    int producer = dag->graph->value[v].producer;
    const vouch_affine *affine = &dag->affine[producer];

    return dag->node[producer].step == VOUCH_DAG_AFFINE && affine->moves &&
           is_walked(dag, dag->graph->node[producer].input[affine->which[0]]);
}

/* Nothing nonlinear comes before v: on the parent's box a walk finds what it found there. */
static bool is_known(const vouch_dag_analysis *a, int v)
{
    return a->same_box && a->dag->linear[v];
}

static bool has_walks(const vouch_dag_analysis *a, int v)
{
    return is_walked(a->dag, v) && !takes_over(a->dag, v) && !is_known(a, v);
}

/* Both ends of one neuron. */
static double cost_of(const vouch_dag *dag, int v) { return 2 * dag->tile[v].cost + 1; }

static bool is_wanted(const vouch_dag_analysis *a, const vouch_dag_intervals *at, int64_t j)
{
    const vouch_dag *dag = a->dag;

    return (!dag->matters || dag->matters[j]) && vouch_dag_unsettled(dag, at, j) &&
           (!a->score ||
            (a->score[j] > 0 && a->score[j] >= a->least * cost_of(dag, dag->owner[j])));
}

/* What a tighter interval of neuron j promises: its score or, where none is known, the area
 * between the curve's lines, roughly (of a Relu, the most that its chord is above it). */
static double promise_of(const vouch_dag_analysis *a, int64_t j)
{
    const vouch_dag *dag = a->dag;
    double low = a->at->low[j], high = a->at->high[j];

    if (a->score)
        return a->score[j];
    if (dag->node[dag->reader[dag->owner[j]]].step == VOUCH_DAG_RELU && low < 0 && high > 0)
        return 1 / (1 / high - 1 / low);
    return high - low;
}

static int descending(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;

    return (a < b) - (a > b);
}

/* The least promise among the `most` best neurons of value v, of those that are wanted. */
static vouch_status find_least_promise(const vouch_dag_analysis *a, int v, int64_t most,
                                       int64_t wanted, double *least)
{
    vouch_arena_mark mark = vouch_arena_get_mark(a->w->scratch);
    double *promise = VOUCH_NEW_ARRAY(a->w->scratch, double, wanted);
    int64_t first = a->dag->scalar[v], count = 0;

    if (!promise)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < vouch_bounds_count(a->dag->graph, v); i++)
        if (is_wanted(a, a->at, first + i))
            promise[count++] = promise_of(a, first + i);
    qsort(promise, (size_t)count, sizeof *promise, descending);
    *least = most > 0 ? promise[most - 1] : (double)INFINITY;
    vouch_arena_reset(a->w->scratch, mark);
    return VOUCH_OK;
}

static int64_t count_wanted(const vouch_dag_analysis *a, const vouch_dag_intervals *at, int v)
{
    int64_t first = a->dag->scalar[v], count = 0;

    for (int64_t i = 0; i < vouch_bounds_count(a->dag->graph, v); i++)
        count += is_wanted(a, at, first + i);
    return count;
}

static double need_of(const vouch_dag_analysis *a, const vouch_dag_intervals *known, int v)
{
    return has_walks(a, v) ? (double)count_wanted(a, known, v) * cost_of(a->dag, v) : 0;
}

/* A neuron that a score speaks for. */
typedef struct bid {
    double worth, cost; /* score for each multiply-add; multiply-adds */
} bid;

static int by_worth(const void *x, const void *y)
{
    const double a = ((const bid *)x)->worth, b = ((const bid *)y)->worth;

    return (a < b) - (a > b);
}

/* The worth of the last neuron that the work pays for, best first; 0: it pays for all. */
static double last_worth(bid *list, int64_t count, double work)
{
    qsort(list, (size_t)count, sizeof *list, by_worth);
    for (int64_t k = 0; k < count; k++) {
        work -= list[k].cost;
        if (work < 0)
            return list[k].worth;
    }
    return 0;
}

vouch_status vouch_dag_neurons_choose(vouch_dag_analysis *a, const vouch_dag_intervals *known)
{
    vouch_arena_mark mark = vouch_arena_get_mark(a->w->scratch);
    bid *list = VOUCH_NEW_ARRAY(a->w->scratch, bid, a->dag->neurons + 1);
    int64_t count = 0;

    if (!list)
        return VOUCH_ERR_MEMORY;
    for (int64_t j = 0; j < a->dag->neurons; j++) {
        int v = a->dag->owner[j];

        if (has_walks(a, v) && is_wanted(a, known, j))
            list[count++] = (bid){a->score[j] / cost_of(a->dag, v), cost_of(a->dag, v)};
    }
    a->least = last_worth(list, count, a->work);
    vouch_arena_reset(a->w->scratch, mark);
    return VOUCH_OK;
}

double vouch_dag_neurons_need(const vouch_dag_analysis *a, const vouch_dag_intervals *known)
{
    double need = 0;

    for (int v = 0; known && v < a->dag->graph->value_count; v++)
        need += need_of(a, known, v);
    return need;
}

/* ---- tiles and chunks -------------------------------------------------------------------- */

/* The neurons of one value, of all boxes. */
typedef struct share {
    const vouch_dag *dag;
    int value, steps;
    int64_t count, chunks;
    double least;           /* promise of a neuron that is taken, of the box at hand */
    vouch_dag_target *list; /* [count] */
    int64_t *start;         /* [chunks + 1] into list */
    double *lower;          /* [2 count]: chunk by chunk, lower ends, then those of negatives */
    atomic_llong next;
} share;

/* Number of tiles along each dimension. */
static int64_t tiles_of(const vouch_patch *image, const vouch_dag_tile *tile,
                        int64_t along[VOUCH_PATCH_DIMS])
{
    int64_t count = 1;

    for (int d = 0; d < VOUCH_PATCH_DIMS; d++) {
        along[d] = (image->high[d] + tile->size[d] - 1) / tile->size[d];
        count *= along[d];
    }
    return count;
}

static vouch_patch tile_number(const vouch_patch *image, const vouch_dag_tile *tile,
                               const int64_t along[VOUCH_PATCH_DIMS], int64_t t)
{
    vouch_patch p = *image;

    for (int d = VOUCH_PATCH_DIMS - 1; d >= 0; t /= along[d--]) {
        p.low[d] = t % along[d] * tile->size[d];
        p.high[d] = p.low[d] + tile->size[d];
        p.high[d] = p.high[d] < image->high[d] ? p.high[d] : image->high[d];
    }
    return p;
}

/* Adds neuron i of the value, if the box wants it; a chunk that is full ends before it. */
static void add_target(const vouch_dag_analysis *a, share *s, int64_t i, int64_t most)
{
    int64_t j = a->dag->scalar[s->value] + i;

    if (!is_wanted(a, a->at, j) || promise_of(a, j) < s->least)
        return;
    if (s->count - s->start[s->chunks] == most)
        s->start[++s->chunks] = s->count;
    s->list[s->count++] = (vouch_dag_target){a->at, i};
}

/* A chunk ends here. */
static void end_chunk(share *s)
{
    if (s->count > s->start[s->chunks])
        s->start[++s->chunks] = s->count;
}

static void add_tiles(const vouch_dag_analysis *a, share *s, int64_t limit)
{
    const vouch_dag_tile *tile = &a->dag->tile[s->value];
    int64_t along[VOUCH_PATCH_DIMS], tiles;
    vouch_patch image;

    vouch_patch_whole(&a->dag->graph->value[s->value].shape, &image);
    tiles = tiles_of(&image, tile, along);
    for (int64_t t = 0; t < tiles && s->count < limit; t++) {
        vouch_patch p = tile_number(&image, tile, along, t);

        for (int64_t k = 0; k < vouch_patch_count(&p) && s->count < limit; k++)
            add_target(a, s, vouch_patch_index(&p, k, &image), tile->rows / 2);
        end_chunk(s);
    }
}

/* How many of the neurons wanted the work left allows. */
static int64_t allowance(vouch_dag_analysis *a, int v, int64_t wanted)
{
    const vouch_dag_intervals *known = a->parent ? a->parent : a->dag->hull;
    double now = (double)wanted * cost_of(a->dag, v), later, part, allowed;

    if (known)
        a->need -= need_of(a, known, v);
    later = fmax(a->need, 0);
    part = now > 0 ? a->work * (now / (now + later)) : 0;
    allowed = fmax(a->work - later, fmax(part, a->work / 2));
    return allowed >= now ? wanted : (int64_t)fmax(allowed / cost_of(a->dag, v), 0);
}

/* Lists what the box wants, as much as its work allows. */
static vouch_status list_wanted(vouch_dag_analysis *a, share *s)
{
    const vouch_dag *dag = a->dag;
    int64_t first = s->count, wanted = count_wanted(a, a->at, s->value);
    int64_t most = allowance(a, s->value, wanted), limit = first + most;

    s->least = -(double)INFINITY;
    if (most < wanted)
        VOUCH_TRY(find_least_promise(a, s->value, most, wanted, &s->least));
    if (dag->tile[s->value].size[0] > 0)
        add_tiles(a, s, limit);
    else
        for (int64_t i = 0; i < vouch_bounds_count(dag->graph, s->value) && s->count < limit;
             i++)
            add_target(a, s, i, dag->tile[s->value].rows / 2 + 1);
    a->work -= (double)(s->count - first) * cost_of(dag, s->value);
    return VOUCH_OK;
}

/* ---- running ----------------------------------------------------------------------------- */

static vouch_status take_chunks(vouch_dag_worker *w, share *s)
{
    for (;;) {
        int64_t c = atomic_fetch_add(&s->next, 1), first;

        if (c >= s->chunks)
            return VOUCH_OK;
        first = s->start[c];
        VOUCH_TRY(vouch_dag_climb_neurons(w, s->value, (int)(s->start[c + 1] - first),
                                          s->list + first, s->steps, s->lower + 2 * first));
    }
}

static vouch_status help(vouch_context *ctx, void *shared, int index)
{
    share *s = shared;
    vouch_dag_worker *w;
    vouch_status status;

    (void)index;
    VOUCH_TRY(vouch_dag_worker_new(ctx, s->dag, &w));
    status = take_chunks(w, s);
    vouch_dag_worker_free(ctx, w);
    return status;
}

enum { ALONE = 20 * 1000 * 1000 }; /* multiply-adds not worth a thread */

static vouch_status walk_list(vouch_dag_boxes *b, share *s, double work)
{

    s->lower = VOUCH_NEW_ARRAY(b->arena, double, 2 * s->count);
    atomic_init(&s->next, 0);
    if (!s->lower)
        return VOUCH_ERR_MEMORY;
    if (b->threads > 1 && work > ALONE)
        return vouch_workers_run(b->w->ctx, b->threads, help, s);
    return take_chunks(b->w, s);
}

static vouch_status tighten(vouch_dag_boxes *b, const share *s)
{
    int box = 0;

    for (int64_t c = 0; c < s->chunks; c++) {
        int64_t first = s->start[c], count = s->start[c + 1] - first;
        const double *lower = s->lower + 2 * first;

        for (int64_t k = 0; k < count; k++) {
            const vouch_dag_target *target = &s->list[first + k];

            while (b->box[box].at != target->at)
                box++;
            vouch_pass_tighten(&b->box[box].pass, s->value, target->scalar, lower[k],
                               -lower[count + k]);
        }
    }
    return VOUCH_OK;
}

/* Gradient steps if they fit into half of the work that later values leave; their rows have mixes of their own, so
 * are whole, and their chunks smaller. */
static double add_steps(vouch_dag_boxes *b, share *s)
{
    const vouch_dag *dag = b->dag;
    double work = (double)s->count * 2 * dag->tile[s->value].whole, left = 0;
    int64_t chunk = vouch_dag_chunk(dag, true) / 2 + 1;

    for (int k = 0; k < b->count; k++)
        left += fmax(b->box[k].work - fmax(b->box[k].need, 0), 0);
    s->steps = dag->settings.root_steps;
    if (2 * s->steps * work > left / 2)
        s->steps = (int)(left / 4 / work);
    if (s->steps <= 0)
        return 0;
    for (int k = 0; k < b->count; k++)
        b->box[k].work -= 2 * s->steps * work / b->count;
    for (s->chunks = 0; s->chunks * chunk < s->count; s->chunks++)
        s->start[s->chunks] = s->chunks * chunk;
    s->start[s->chunks] = s->count;
    return 2 * s->steps * work;
}

vouch_status vouch_dag_walk_neurons(vouch_dag_boxes *b, int v)
{
    const vouch_dag *dag = b->dag;
    int64_t size = vouch_bounds_count(dag->graph, v) * b->count;
    share s = {.dag = dag, .value = v};
    double work;

    if (!has_walks(&b->box[0], v)) /* boxes side by side are of a kind */
        return VOUCH_OK;
    s.list = VOUCH_NEW_ARRAY(b->arena, vouch_dag_target, size);
    s.start = VOUCH_NEW_ARRAY(b->arena, int64_t, size + 2);
    if (!s.list || !s.start)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < b->count; k++) {
        if (b->box[k].bounds.empty)
            continue;
        if (b->box[k].at->frame) /* rows with a frame go by themselves, whoever else there is */
            end_chunk(&s);
        VOUCH_TRY(list_wanted(&b->box[k], &s));
        if (b->box[k].at->frame)
            end_chunk(&s);
    }
    end_chunk(&s);
    if (s.count == 0)
        return VOUCH_OK;
    work = (double)s.count * cost_of(dag, v);
    VOUCH_TRY(walk_list(b, &s, work + add_steps(b, &s)));
    return tighten(b, &s);
}
