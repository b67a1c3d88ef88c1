/* The recorder of partition pictures: a proof sink that remembers projections.
 *
 * One record per box (its projection, depth and fate) in a growing array, found by id through a
 * hash table; a mutex around all of it (a search calls the sink once or twice per box, after
 * microseconds of work, so contention does not show). A picture must never stop a search: boxes
 * beyond RECORD_LIMIT, or beyond memory, are counted but not drawn, and the picture says so.
 */
#include <inttypes.h>
#include <string.h>

#include "report/report_priv.h"

enum { RECORD_LIMIT = 1 << 20 };

/* ---- the table of records ---------------------------------------------------------------- */

static size_t slot_of(const vouch_partition *p, uint64_t id)
{
    size_t mask = p->slot_count - 1;
    size_t at = (size_t)((id * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;

    while (p->slot[at] && p->record[p->slot[at] - 1].id != id)
        at = (at + 1) & mask;
    return at;
}

vouch_box_record *vouch_partition_find(const vouch_partition *p, uint64_t id)
{
    size_t at = p->slot_count ? slot_of(p, id) : 0;

    return p->slot_count && p->slot[at] ? &p->record[p->slot[at] - 1] : NULL;
}

/* Doubles records and table; the table stays at most half full. false: out of memory. */
static bool grow(vouch_partition *p)
{
    size_t capacity = p->capacity ? 2 * p->capacity : 256;
    vouch_box_record *records = vouch_resize(p->ctx, p->record, capacity * sizeof *records);
    uint32_t *slots;

    if (!records)
        return false;
    p->record = records;
    slots = vouch_alloc(p->ctx, 2 * capacity * sizeof *slots);
    if (!slots)
        return false;
    if (p->slot)
        vouch_release(p->ctx, p->slot);
    p->slot = slots;
    p->slot_count = 2 * capacity;
    p->capacity = capacity;
    for (size_t i = 0; i < p->count; i++)
        p->slot[slot_of(p, p->record[i].id)] = (uint32_t)(i + 1);
    return true;
}

static vouch_area project(const vouch_partition *p, const double *low, const double *high)
{
    vouch_area a;

    for (int d = 0; d < 2; d++) {
        a.low[d] = low[p->dim[d]];
        a.high[d] = high[p->dim[d]];
    }
    return a;
}

/* ---- the sink ---------------------------------------------------------------------------- */

/* Tells the parent which of its parts this box is. */
static void note_child(vouch_box_record *parent, const vouch_sink_box *box)
{
    int part = 0;
    double middle;

    parent->children++;
    if (parent->dimension < 0 || parent->dimension >= box->input_size)
        return;
    middle = box->low[parent->dimension] / 2 + box->high[parent->dimension] / 2;
    while (part < parent->cut_count && middle > parent->cut[part])
        part++;
    parent->seen |= 1u << part;
}

static void record_box(vouch_partition *p, const vouch_sink_box *box)
{
    vouch_box_record *parent = vouch_partition_find(p, box->parent);

    if (parent)
        note_child(parent, box);
    if (vouch_partition_find(p, box->id))
        return;
    if (p->count == RECORD_LIMIT || (p->count == p->capacity && !grow(p))) {
        p->left_out++;
        return;
    }
    vouch_box_record *r = &p->record[p->count];
    *r = (vouch_box_record){
        .id = box->id, .parent = box->parent, .depth = box->depth, .dimension = -1};
    r->whole = r->kept = project(p, box->low, box->high);
    p->slot[slot_of(p, box->id)] = (uint32_t)++p->count;
    if (box->depth > p->deepest)
        p->deepest = box->depth;
}

static vouch_status on_box(void *user, const vouch_sink_box *box)
{
    vouch_partition *p = user;

    pthread_mutex_lock(&p->mutex);
    record_box(p, box);
    pthread_mutex_unlock(&p->mutex);
    return VOUCH_OK;
}

static vouch_status on_split(void *user, uint64_t id, int64_t dimension, int count,
                             const double *cut)
{
    vouch_partition *p = user;
    vouch_box_record *r;

    pthread_mutex_lock(&p->mutex);
    r = vouch_partition_find(p, id);
    if (r && r->dimension == -1 && count <= VOUCH_CUTS_LIMIT) {
        r->dimension = dimension;
        r->cut_count = count;
        memcpy(r->cut, cut, (size_t)count * sizeof *cut);
    } else if (r) { /* parts that are no longer slices: count them only */
        r->cut_count = (r->cut_count + 1) * (count + 1) - 1;
        r->dimension = -2;
    }
    pthread_mutex_unlock(&p->mutex);
    return VOUCH_OK;
}

static vouch_status on_clip(void *user, uint64_t id, const double *low, const double *high)
{
    vouch_partition *p = user;
    vouch_box_record *r;

    pthread_mutex_lock(&p->mutex);
    r = vouch_partition_find(p, id);
    if (r)
        r->kept = project(p, low, high);
    pthread_mutex_unlock(&p->mutex);
    return VOUCH_OK;
}

static vouch_status on_leaf(void *user, uint64_t id, vouch_leaf_kind kind)
{
    vouch_partition *p = user;
    vouch_box_record *r;

    pthread_mutex_lock(&p->mutex);
    r = vouch_partition_find(p, id);
    if (r)
        r->leaf = kind;
    pthread_mutex_unlock(&p->mutex);
    return VOUCH_OK;
}

vouch_partition *vouch_partition_new(vouch_context *ctx, int64_t input_size, int64_t x,
                                     int64_t y)
{
    vouch_partition *p;

    if (x < 0 || y < 0 || x >= input_size || y >= input_size || x == y) {
        vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                   "picture: needs two different input dimensions below %" PRId64
                   ", not %" PRId64 " and %" PRId64,
                   input_size, x, y);
        return NULL;
    }
    p = vouch_alloc(ctx, sizeof *p);
    if (!p)
        return NULL;
    *p = (vouch_partition){
        .ctx = vouch_context_new_child(ctx), .input_size = input_size, .dim = {x, y}};
    if (!p->ctx || pthread_mutex_init(&p->mutex, NULL)) {
        vouch_fail(ctx, VOUCH_ERR_MEMORY, "picture: out of memory");
        vouch_context_free(p->ctx);
        vouch_release(ctx, p);
        return NULL;
    }
    p->sink = (vouch_sink){
        .user = p, .box = on_box, .split = on_split, .clip = on_clip, .leaf = on_leaf};
    return p;
}

void vouch_partition_free(vouch_partition *partition)
{
    vouch_context *ctx = partition ? partition->ctx : NULL;

    if (!partition)
        return;
    pthread_mutex_destroy(&partition->mutex);
    if (partition->record)
        vouch_release(ctx, partition->record);
    if (partition->slot)
        vouch_release(ctx, partition->slot);
    vouch_release(ctx, partition);
    vouch_context_free(ctx);
}

const vouch_sink *vouch_partition_sink(vouch_partition *partition) { return &partition->sink; }

void vouch_partition_widest(int64_t input_size, const double *low, const double *high,
                            int64_t dims[2])
{
    dims[0] = dims[1] = -1;
    for (int d = 0; d < 2; d++)
        for (int64_t i = 0; i < input_size; i++)
            if (i != dims[0] &&
                (dims[d] < 0 || high[i] - low[i] > high[dims[d]] - low[dims[d]]))
                dims[d] = i;
    if (dims[1] >= 0 && dims[1] < dims[0]) {
        int64_t first = dims[1];
        dims[1] = dims[0];
        dims[0] = first;
    }
}
