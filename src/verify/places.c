/* Deciding place by place (places.h).
 *
 * Workers take places from a counter. One that has found a witness lowers the mark beyond which
 * nobody starts; all before it have been taken, and are finished. So the witness kept is that of
 * the first place in order that has one, whoever found it.
 */
#include "verify/places.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/workers.h"
#include "bounds/family.h"
#include "bounds/row.h"
#include "lower/integral.h"

enum { PLACES_MOST = 1 << 16, DIMENSIONS_MOST = 8 };

/* Inputs of a box whose steps name its places; dimension d takes the values first[d] + 0 ..
 * count[d] - 1. */
typedef struct places_box {
    int box, dimensions;
    int64_t input[DIMENSIONS_MOST], count[DIMENSIONS_MOST];
    double first[DIMENSIONS_MOST];
    int64_t start, places; /* number of its first place; how many */
    int64_t stride;        /* from one to the next in order, modulo places */
} places_box;

typedef struct places {
    const vouch_places_input *in;
    vouch_arena *arena;
    int *step;    /* [inputs], as of vouch_lower_integral */
    bool *moving; /* [inputs]: of some box's dimensions */
    places_box *box;
    int boxes;
    int64_t count;                         /* of all places */
    atomic_llong next, last, seen, proved; /* last: places from here on are not begun */
    vouch_witness *witness;                /* [threads] */
    int64_t *where;                        /* [threads]: place of each's witness */
} places;

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory");
}

/* ---- what places there are --------------------------------------------------------------- */

/* An input that a row reads is not known by its step. */
static void keep_out_rows(places *p)
{
    const vouch_task *t = p->in->task;
    for (int r = 0; r < t->row_count; r++)
        for (int d = 0; d < t->input_count; d++)
            if (t->row_input[(int64_t)r * t->input_count + d] != 0 || t->row_radius[r] > 0)
                p->step[d] = VOUCH_INTEGRAL_RAW;
}

static bool is_narrow(double low, double high)
{
    const double narrow = 1e-9; /* neighbours of a decimal */
    return high - low <= narrow * fmax(1, fabs(high));
}

/* Adds input d to the dimensions of the box; *fits: it can be one. */
static vouch_status add_dimension(vouch_context *ctx, const places *p, const vouch_box *box,
                                  int64_t d, places_box *to, bool *fits)
{
    double first = 0, last = 0;
    if (p->step[d] >= 0)
        VOUCH_TRY(vouch_integral_values(ctx, p->in->graph, p->step[d], box->low[d],
                                        box->high[d], &first, &last));
    *fits = p->step[d] != VOUCH_INTEGRAL_RAW && to->dimensions < DIMENSIONS_MOST &&
            last - first < PLACES_MOST;
    if (!*fits)
        return VOUCH_OK;
    to->input[to->dimensions] = d;
    to->first[to->dimensions] = first;
    to->count[to->dimensions] = (int64_t)(last - first) + 1;
    to->places *= to->count[to->dimensions++];
    *fits = to->places <= PLACES_MOST;
    return VOUCH_OK;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Steps of about the golden ratio visit all places, and spread evenly however many were seen. */
static int64_t stride_over(int64_t count)
{
    int64_t stride = (int64_t)((double)count * .6180339887) + 1;
    while (common_divisor(stride, count) > 1)
        stride++;
    return stride;
}

static vouch_status add_box(vouch_context *ctx, places *p, int b, bool *fits)
{
    const vouch_box *box = &p->in->spec->box[b];
    places_box *to = &p->box[p->boxes];
    *to = (places_box){.box = b, .start = p->count, .places = 1};
    for (int64_t d = 0; d < p->in->task->input_count && *fits; d++)
        if (!is_narrow(box->low[d], box->high[d]))
            VOUCH_TRY(add_dimension(ctx, p, box, d, to, fits));
    to->stride = stride_over(to->places);
    for (int k = 0; k < to->dimensions; k++)
        p->moving[to->input[k]] = true;
    p->count += to->places;
    p->boxes++;
    *fits = *fits && to->dimensions > 0 && p->count <= PLACES_MOST;
    return VOUCH_OK;
}

/* *fits: the property is decided place by place. */
static vouch_status find_places(vouch_context *ctx, places *p, bool *fits)
{
    const vouch_spec *spec = p->in->spec;
    const vouch_task *t = p->in->task;
    p->step = VOUCH_NEW_ARRAY(p->arena, int, t->input_count + 1);
    p->moving = VOUCH_NEW_ARRAY(p->arena, bool, t->input_count + 1);
    p->box = VOUCH_NEW_ARRAY(p->arena, places_box, spec->box_count + 1);
    if (!p->step || !p->moving || !p->box)
        return out_of_memory(ctx);
    VOUCH_TRY(vouch_lower_integral(ctx, p->in->graph, p->step));
    keep_out_rows(p);
    *fits = true;
    for (int b = 0; b < spec->box_count && *fits; b++)
        if (!spec->box[b].empty)
            VOUCH_TRY(add_box(ctx, p, b, fits));
    *fits = *fits && p->count > 0;
    return VOUCH_OK;
}

/* ---- one place --------------------------------------------------------------------------- */

typedef struct worker {
    vouch_context *ctx;
    places *p;
    vouch_arena *arena; /* of the worker; scratch beyond `fresh` */
    vouch_arena_mark fresh;
    const places_box *box;
    vouch_family *family;        /* of that box */
    double *low, *high, *middle; /* [inputs] */
    vouch_witness *witness;
    bool *varying;
} worker;

/* The place with that number in order. */
static void go_to(worker *w, int64_t place)
{
    const places_box *b = w->box;
    const vouch_box *all = &w->p->in->spec->box[b->box];
    int64_t at = (place - b->start) * b->stride % b->places;
    for (int k = 0; k < b->dimensions; k++) {
        const int64_t d = b->input[k];
        const double value = b->first[k] + (double)(at % b->count[k]);
        at /= b->count[k];
        w->low[d] = w->high[d] = fmin(fmax(value, all->low[d]), all->high[d]);
    }
}

static vouch_status enter_box(worker *w, int64_t place)
{
    const vouch_places_input *in = w->p->in;
    const places_box *b = w->p->box;
    while (place >= b->start + b->places)
        b++;
    if (w->box == b)
        return VOUCH_OK;
    const size_t bytes = (size_t)in->task->input_count * sizeof(double);
    memcpy(w->low, in->spec->box[b->box].low, bytes);
    memcpy(w->high, in->spec->box[b->box].high, bytes);
    w->box = b;
    vouch_family_free(w->family);
    w->family = NULL;
    go_to(w, place);
    return vouch_family_new(w->ctx, in->task, w->low, w->high, w->p->moving, &w->family);
}

/* Is the middle of the place a witness? */
static vouch_status try_middle(worker *w)
{
    const vouch_places_input *in = w->p->in;
    for (int64_t d = 0; d < in->task->input_count; d++)
        w->middle[d] = w->low[d] / 2 + w->high[d] / 2;
    return vouch_witness_check(w->ctx, w->arena, in->graph, in->spec, in->semantics, w->middle,
                               w->witness);
}

static bool is_open(const vouch_task *t, const vouch_bounds *bounds, const worker *w, int k)
{
    for (int i = t->case_start[k]; i < t->case_start[k + 1]; i++) {
        const int r = t->case_row[i];
        const double low = vouch_row_low(t, bounds, w->low, w->high, r, bounds->row_low[r]);
        if (t->strict[r] ? low >= 0 : low > 0)
            return false;
    }
    return true;
}

/* The rows backwards: rounding adds up there where it multiplies in intervals. */
static vouch_status prove_backwards(worker *w, bool *proved)
{
    const vouch_task *t = w->p->in->task;
    const vouch_linear_rows rows = {t->row_count, t->row_output, t->row_input, t->row_constant};
    const vouch_bound_problem problem = {.graph = t->graph,
                                         .varying = w->varying,
                                         .input_size = t->input_count,
                                         .output_size = t->output_count,
                                         .low = w->low,
                                         .high = w->high,
                                         .rows = &rows};
    vouch_bounds bounds = {0};
    VOUCH_TRY(t->domain->run(w->ctx, w->arena, NULL, &problem, &bounds));
    *proved = true;
    for (int k = 0; k < t->case_count && !bounds.empty; k++)
        *proved = *proved && (t->case_box[k] != w->box->box || !is_open(t, &bounds, w, k));
    return VOUCH_OK;
}

static vouch_status tell(worker *w, int64_t place, bool proved)
{
    const vouch_places_input *in = w->p->in;
    const vouch_sink *s = in->sink;
    const uint64_t id = in->first_id + 1 + (uint64_t)place;
    const vouch_sink_box box = {.id = id,
                                .depth = 1,
                                .input_size = in->task->input_count,
                                .which_case = -1,
                                .low = w->low,
                                .high = w->high};
    if (s && s->box)
        VOUCH_TRY(s->box(s->user, &box));
    return s && s->leaf ? s->leaf(s->user, id,
                                  proved              ? VOUCH_LEAF_PROVED
                                  : w->witness->found ? VOUCH_LEAF_REFUTED
                                                      : VOUCH_LEAF_OPEN)
                        : VOUCH_OK;
}

static vouch_status decide(worker *w, int64_t place)
{
    bool proved = false;
    vouch_arena_reset(w->arena, w->fresh);
    VOUCH_TRY(enter_box(w, place));
    go_to(w, place);
    VOUCH_TRY(vouch_family_proves(w->family, w->box->box, &proved));
    if (!proved)
        VOUCH_TRY(try_middle(w));
    if (!proved && !w->witness->found)
        VOUCH_TRY(prove_backwards(w, &proved));
    atomic_fetch_add(&w->p->seen, 1);
    atomic_fetch_add(&w->p->proved, proved);
    return tell(w, place, proved);
}

/* ---- workers ------------------------------------------------------------------------------- */

static void lower_mark(places *p, int64_t place)
{
    long long last = atomic_load(&p->last);
    while (place < last && !atomic_compare_exchange_weak(&p->last, &last, place))
        ;
}

static vouch_status take_places(worker *w, int index)
{
    places *p = w->p;
    for (;;) {
        const int64_t place = atomic_fetch_add(&p->next, 1);
        if (place >= atomic_load(&p->last))
            return VOUCH_OK;
        VOUCH_TRY(decide(w, place));
        if (w->witness->found) {
            p->where[index] = place;
            lower_mark(p, place);
            return VOUCH_OK; /* its next place would come later */
        }
    }
}

static vouch_status work(vouch_context *ctx, void *shared, int index)
{
    places *p = shared;
    const vouch_task *t = p->in->task;
    worker w = {.ctx = ctx, .p = p, .arena = vouch_arena_new(ctx)};
    if (!w.arena)
        return out_of_memory(ctx);
    w.low = VOUCH_NEW_ARRAY(w.arena, double, t->input_count + 1);
    w.high = VOUCH_NEW_ARRAY(w.arena, double, t->input_count + 1);
    w.middle = VOUCH_NEW_ARRAY(w.arena, double, t->input_count + 1);
    w.varying = VOUCH_NEW_ARRAY(w.arena, bool, t->graph->value_count + 1);
    w.witness = &p->witness[index];
    vouch_status s = w.low && w.high && w.middle && w.varying ? VOUCH_OK : out_of_memory(ctx);
    if (!s) {
        vouch_op_varying(t->graph, w.varying);
        w.fresh = vouch_arena_get_mark(w.arena);
        s = take_places(&w, index);
    }
    vouch_family_free(w.family);
    vouch_arena_free(w.arena);
    return s;
}

static vouch_status new_witnesses(vouch_context *ctx, places *p)
{
    const int threads = p->in->threads;
    p->witness = VOUCH_NEW_ARRAY(p->arena, vouch_witness, threads);
    p->where = VOUCH_NEW_ARRAY(p->arena, int64_t, threads);
    if (!p->witness || !p->where)
        return out_of_memory(ctx);
    for (int i = 0; i < threads; i++) {
        p->witness[i].input = VOUCH_NEW_ARRAY(p->arena, double, p->in->spec->input_size);
        p->witness[i].output = VOUCH_NEW_ARRAY(p->arena, double, p->in->spec->output_size);
        if (!p->witness[i].input || !p->witness[i].output)
            return out_of_memory(ctx);
    }
    return VOUCH_OK;
}

vouch_status vouch_places(vouch_context *ctx, vouch_arena *arena, const vouch_places_input *in,
                          vouch_places_output *out)
{
    places p = {.in = in, .arena = arena};
    bool fits = false;
    *out = (vouch_places_output){.last_id = in->first_id};
    VOUCH_TRY(find_places(ctx, &p, &fits));
    if (!fits)
        return VOUCH_OK;
    VOUCH_TRY(new_witnesses(ctx, &p));
    const int64_t most = (int64_t)in->max_subproblems;
    atomic_init(&p.next, 0);
    atomic_init(&p.seen, 0);
    atomic_init(&p.proved, 0);
    atomic_init(&p.last, most && most < p.count ? most : p.count);
    const vouch_status status = vouch_workers_run(ctx, in->threads, work, &p);
    out->places = p.count;
    out->seen = atomic_load(&p.seen);
    out->proved = atomic_load(&p.proved);
    out->last_id = in->first_id + (uint64_t)p.count;
    for (int i = 0, best = -1; i < in->threads; i++)
        if (p.witness[i].found && (best < 0 || p.where[i] < p.where[best])) {
            best = i;
            out->witness = p.witness[i];
        }
    return status;
}
