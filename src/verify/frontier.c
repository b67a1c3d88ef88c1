/* The frontier (frontier.h): stacks as growing rings under one lock. */
#include "verify/frontier.h"

#include <pthread.h>
#include <string.h>

typedef struct stack {
    vouch_batch **item;
    size_t first, count, capacity; /* items first .. first + count - 1, oldest first */
} stack;

struct vouch_frontier {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int workers;
    uint64_t pending, boxes;
    bool stopped;
    stack own[];
};

vouch_frontier *vouch_frontier_new(vouch_context *ctx, int workers)
{
    vouch_frontier *f = vouch_alloc(ctx, sizeof *f + (size_t)workers * sizeof(stack));
    if (!f)
        return NULL;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->change, NULL);
    f->workers = workers;
    return f;
}

void vouch_frontier_free(vouch_context *ctx, vouch_frontier *f, const vouch_engine_type *type)
{
    if (!f)
        return;
    for (int w = 0; w < f->workers; w++) {
        for (size_t i = 0; i < f->own[w].count; i++)
            type->batch_free(ctx, f->own[w].item[f->own[w].first + i]);
        vouch_release(ctx, f->own[w].item);
    }
    pthread_cond_destroy(&f->change);
    pthread_mutex_destroy(&f->lock);
    vouch_release(ctx, f);
}

/* Room for `more` items at the end: moves to the front, or grows. */
static vouch_status make_room(vouch_context *ctx, stack *s, size_t more)
{
    if (s->first + s->count + more <= s->capacity)
        return VOUCH_OK;
    if (s->first > 0) {
        memmove(s->item, s->item + s->first, s->count * sizeof *s->item);
        s->first = 0;
    }
    if (s->count + more <= s->capacity)
        return VOUCH_OK;
    size_t capacity = 2 * (s->count + more) + 64;
    vouch_batch **item = vouch_resize(ctx, s->item, capacity * sizeof *item);
    if (!item)
        return VOUCH_ERR_MEMORY;
    s->item = item;
    s->capacity = capacity;
    return VOUCH_OK;
}

vouch_status vouch_frontier_push(vouch_context *ctx, vouch_frontier *f, int worker,
                                 const vouch_engine_type *type, vouch_batch **batch, int count)
{
    pthread_mutex_lock(&f->lock);
    stack *s = &f->own[worker];
    vouch_status status = make_room(ctx, s, (size_t)count);
    for (int i = count - 1; i >= 0; i--) {
        if (status) {
            type->batch_free(ctx, batch[i]);
            continue;
        }
        s->item[s->first + s->count++] = batch[i];
        f->pending++;
        f->boxes += (uint64_t)batch[i]->count;
    }
    pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
    return status;
}

static vouch_batch *pop_newest(stack *s)
{
    return s->count ? s->item[s->first + --s->count] : NULL;
}

static vouch_batch *pop_oldest(stack *s)
{
    if (!s->count)
        return NULL;
    s->count--;
    return s->item[s->first++];
}

static vouch_batch *find(vouch_frontier *f, int worker)
{
    vouch_batch *batch = pop_newest(&f->own[worker]);
    for (int i = 1; !batch && i < f->workers; i++)
        batch = pop_oldest(&f->own[(worker + i) % f->workers]);
    return batch;
}

vouch_batch *vouch_frontier_take(vouch_frontier *f, int worker)
{
    vouch_batch *batch = NULL;
    pthread_mutex_lock(&f->lock);
    while (!f->stopped && !(batch = find(f, worker)) && f->pending > 0)
        pthread_cond_wait(&f->change, &f->lock);
    if (batch)
        f->boxes -= (uint64_t)batch->count;
    pthread_mutex_unlock(&f->lock);
    return batch;
}

void vouch_frontier_done(vouch_frontier *f)
{
    pthread_mutex_lock(&f->lock);
    if (--f->pending == 0)
        pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
}

void vouch_frontier_stop(vouch_frontier *f)
{
    pthread_mutex_lock(&f->lock);
    f->stopped = true;
    pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
}

uint64_t vouch_frontier_open(vouch_frontier *f)
{
    pthread_mutex_lock(&f->lock);
    uint64_t boxes = f->boxes;
    pthread_mutex_unlock(&f->lock);
    return boxes;
}
