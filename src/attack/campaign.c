/* Campaigns (campaign.h): blocks, threads, ensembles, replay. */
#include "attack/campaign.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "attack/replay.h"
#include "base/clock.h"
#include "base/workers.h"

enum { BLOCK = 64 };

typedef struct campaign {
    vouch_arena *arena;
    const vouch_campaign *request;
    const vouch_victim_plan *plan;
    int64_t inputs, classes;
    float *clean; /* [count][classes] */
    float *adversarial;
    vouch_fate *fate;

    /* the round that runs: one attack on some points; attack NULL: the clean logits */
    const vouch_attack *attack;
    const void *settings;
    bool last;           /* no other attack follows */
    int64_t block;       /* points of a block */
    int64_t point_count; /* of the round */
    int64_t *point;      /* [count] */
    atomic_llong next;   /* block to be taken */
    double begun_s;      /* the round */
} campaign;

const char *vouch_outcome_name(vouch_outcome outcome)
{
    static const char *const name[] = {"open", "held", "found", "wrong", "doubtful"};
    return name[outcome];
}

static vouch_status out_of_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
}

static int target_of(const campaign *c, int64_t point)
{
    return c->request->target ? c->request->target[point] : -1;
}

static vouch_aim aim_of(const campaign *c, int64_t point)
{
    return (vouch_aim){c->classes, c->fate[point].label, target_of(c, point)};
}

/* ---- one block ----------------------------------------------------------------------------- */

typedef struct worker {
    vouch_context *ctx;
    vouch_arena *scratch;
    vouch_victim *victim;
} worker;

static vouch_status look_at_clean(campaign *c, const worker *w, const int64_t *point,
                                  int64_t count)
{
    float *z = c->clean + point[0] * c->classes;
    VOUCH_TRY(vouch_victim_forward(w->victim, count, c->request->x + point[0] * c->inputs, z));
    for (int64_t k = 0; k < count; k++) {
        vouch_fate *fate = &c->fate[point[k]];
        fate->clean = fate->predicted = vouch_predicted(c->classes, z + k * c->classes);
        fate->label =
            c->request->label[point[k]] < 0 ? fate->clean : c->request->label[point[k]];
        const vouch_aim aim = aim_of(c, point[k]);
        fate->forward = 1;
        fate->outcome = target_of(c, point[k]) == fate->label ||
                                vouch_aim_margin(&aim, z + k * c->classes) > 0
                            ? VOUCH_OUTCOME_WRONG
                            : VOUCH_OUTCOME_OPEN;
    }
    return VOUCH_OK;
}

/* Copies of the points, side by side. */
static vouch_status fill(const campaign *c, const worker *w, const int64_t *point,
                         int64_t count, vouch_assault *a)
{
    float *x = VOUCH_NEW_ARRAY(w->scratch, float, count * c->inputs);
    float *clean = VOUCH_NEW_ARRAY(w->scratch, float, count * c->classes);
    int *label = VOUCH_NEW_ARRAY(w->scratch, int, count);
    int *target = VOUCH_NEW_ARRAY(w->scratch, int, count);
    uint64_t *number = VOUCH_NEW_ARRAY(w->scratch, uint64_t, count);
    if (!x || !clean || !label || !target || !number)
        return out_of_memory(w->ctx);
    for (int64_t k = 0; k < count; k++) {
        const int64_t p = point[k];
        memcpy(x + k * c->inputs, c->request->x + p * c->inputs, (size_t)c->inputs * sizeof *x);
        memcpy(clean + k * c->classes, c->clean + p * c->classes,
               (size_t)c->classes * sizeof *clean);
        label[k] = c->fate[p].label;
        target[k] = target_of(c, p);
        number[k] = (uint64_t)p;
    }
    a->x = x;
    a->clean = clean;
    a->label = label;
    a->target = target;
    a->number = number;
    VOUCH_TRY(vouch_assault_prepare(a));
    for (int64_t k = 0; k < count; k++) { /* spent already */
        a->forward[k] = c->fate[point[k]].forward;
        a->backward[k] = c->fate[point[k]].backward;
    }
    return VOUCH_OK;
}

/* Takes the block's result for one point. */
static vouch_status judge(campaign *c, const worker *w, const vouch_assault *a, int64_t k,
                          int64_t point)
{
    const vouch_aim aim = aim_of(c, point);
    const float *x = a->best + k * c->inputs;
    vouch_fate *fate = &c->fate[point];
    bool proved = false;
    fate->forward = a->forward[k];
    fate->backward = a->backward[k];
    if (c->last && fate->outcome == VOUCH_OUTCOME_OPEN)
        fate->outcome = VOUCH_OUTCOME_HELD;
    if (!(a->margin[k] > 0))
        return VOUCH_OK;
    if (!vouch_ball_contains(c->request->ball, vouch_assault_x(a, k), x))
        return vouch_fail(w->ctx, VOUCH_ERR_INTERNAL, "attack %s: a claim outside its ball",
                          c->attack->name);
    VOUCH_TRY(vouch_attack_replay(w->ctx, w->scratch, vouch_victim_graph(c->plan), &aim, x,
                                  &fate->predicted, &proved));
    fate->outcome = proved ? VOUCH_OUTCOME_FOUND : VOUCH_OUTCOME_DOUBTFUL;
    fate->by = c->attack->name;
    fate->distance = a->distance[k];
    memcpy(c->adversarial + point * c->inputs, x, (size_t)c->inputs * sizeof *x);
    return VOUCH_OK;
}

static vouch_status attack_block(campaign *c, const worker *w, const int64_t *point,
                                 int64_t count)
{
    const vouch_campaign *r = c->request;
    vouch_assault a = {.ctx = w->ctx,
                       .arena = w->scratch,
                       .victim = w->victim,
                       .ball = r->ball,
                       .settings = c->settings,
                       .seed = r->seed,
                       .budget = r->budget > 0 ? r->budget : INT64_MAX / 2,
                       .inputs = c->inputs,
                       .classes = c->classes,
                       .count = count};
    VOUCH_TRY(fill(c, w, point, count, &a));
    VOUCH_TRY(c->attack->run(&a));
    for (int64_t k = 0; k < count; k++)
        VOUCH_TRY(judge(c, w, &a, k, point[k]));
    return VOUCH_OK;
}

/* ---- a round ------------------------------------------------------------------------------- */

static vouch_status run_blocks(campaign *c, const worker *w)
{
    for (;;) {
        const int64_t at = (int64_t)atomic_fetch_add(&c->next, 1) * c->block;
        const int64_t left = c->point_count - at;
        const int64_t count = left < c->block ? left : c->block;
        const vouch_arena_mark mark = vouch_arena_get_mark(w->scratch);
        if (left <= 0)
            return VOUCH_OK;
        vouch_report_units(w->ctx, c->attack ? c->attack->name : "clean", at, c->point_count,
                           c->begun_s);
        VOUCH_TRY((c->attack ? attack_block : look_at_clean)(c, w, c->point + at, count));
        vouch_arena_reset(w->scratch, mark);
    }
}

static vouch_status work(vouch_context *ctx, void *shared, int number)
{
    campaign *c = shared;
    worker w = {.ctx = ctx, .scratch = vouch_arena_new(ctx)};
    vouch_arena *kept = vouch_arena_new(ctx);
    vouch_status status = w.scratch && kept ? VOUCH_OK : VOUCH_ERR_MEMORY;
    (void)number;
    if (!status)
        status = vouch_victim_new(ctx, kept, c->plan, &w.victim);
    if (!status)
        status = run_blocks(c, &w);
    if (w.scratch)
        vouch_arena_free(w.scratch);
    if (kept)
        vouch_arena_free(kept);
    return status;
}

/* The points that the next attack gets. */
static void gather_survivors(campaign *c)
{
    c->point_count = 0;
    for (int64_t p = 0; p < c->request->count; p++)
        if (!c->attack || c->fate[p].outcome == VOUCH_OUTCOME_OPEN ||
            c->fate[p].outcome == VOUCH_OUTCOME_DOUBTFUL)
            c->point[c->point_count++] = p;
}

static vouch_status run_round(vouch_context *ctx, campaign *c)
{
    gather_survivors(c);
    if (c->point_count == 0)
        return VOUCH_OK;
    c->block = c->attack && c->attack->whole ? c->point_count : BLOCK;
    const int64_t blocks = (c->point_count + c->block - 1) / c->block;
    const int64_t threads = c->request->threads > 0 ? c->request->threads : 1;
    atomic_store(&c->next, 0);
    c->begun_s = vouch_wall_s();
    return vouch_workers_run(ctx, (int)(threads < blocks ? threads : blocks), work, c);
}

static vouch_status run_attack(vouch_context *ctx, campaign *c, const vouch_attack *attack,
                               const void *settings)
{
    void *defaults = vouch_arena_alloc(c->arena, attack->size + 1);
    if (!defaults)
        return VOUCH_ERR_MEMORY;
    vouch_options_default(attack->options, attack->option_count, defaults);
    c->attack = attack;
    c->settings = settings ? settings : defaults;
    return run_round(ctx, c);
}

static vouch_status run_all(vouch_context *ctx, campaign *c)
{
    const vouch_attack *attack = c->request->attack;
    VOUCH_TRY(run_round(ctx, c)); /* the clean points */
    c->last = true;
    if (!attack->parts)
        return run_attack(ctx, c, attack, c->request->settings);
    for (const vouch_attack_part *part = attack->parts; part->name; part++) {
        c->last = !part[1].name;
        VOUCH_TRY(run_attack(ctx, c, vouch_attack_find(part->name),
                             part->settings[c->request->ball->norm]));
    }
    return VOUCH_OK;
}

/* ---- what cannot be attacked --------------------------------------------------------------- */

/* Says which attacks do keep them. */
static vouch_status refuse_rules(vouch_context *ctx, const vouch_attack *attack)
{
    char known[256] = "";
    for (const vouch_attack *const *a = vouch_attack_table(); *a != NULL; a++) {
        const size_t used = strlen(known);
        if ((*a)->rules)
            snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "",
                     (*a)->name);
    }
    return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                      "attack %s: does not keep the rules of tables; what does is: %s",
                      attack->name, known);
}

static vouch_status check_request(vouch_context *ctx, const vouch_campaign *r)
{
    const vouch_attack *attack = r->attack;
    if (!(attack->norms >> r->ball->norm & 1))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "attack %s: not in the norm %s",
                          attack->name, vouch_norm_name(r->ball->norm));
    if (!(r->ball->eps >= 0))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "attack: eps is %g", r->ball->eps);
    if (r->ball->eps == (double)INFINITY && !(attack->nearest >> r->ball->norm & 1))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "attack %s: needs a finite eps in the norm %s", attack->name,
                          vouch_norm_name(r->ball->norm));
    if (r->ball->rules && !attack->rules)
        return refuse_rules(ctx, attack);
    if (r->target && !attack->targeted)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "attack %s: takes no targets", attack->name);
    return VOUCH_OK;
}

static vouch_status check_point(vouch_context *ctx, const campaign *c, int64_t p)
{
    const vouch_campaign *r = c->request;
    const int target = target_of(c, p);
    if (r->label[p] < -1 || r->label[p] >= c->classes || target >= c->classes || target < -1)
        return vouch_fail(ctx, VOUCH_ERR_VALUE,
                          "attack: point %" PRId64 " has class %d and target %d of %" PRId64
                          " classes",
                          p, r->label[p], target, c->classes);
    for (int64_t i = 0; i < c->inputs; i++)
        if (!isfinite(r->x[p * c->inputs + i]))
            return vouch_fail(ctx, VOUCH_ERR_VALUE,
                              "attack: number %" PRId64 " of point %" PRId64 " is not finite",
                              i, p);
    return VOUCH_OK;
}

static vouch_status check_ball(vouch_context *ctx, const campaign *c)
{
    const vouch_ball *b = c->request->ball;
    if (b->size != c->inputs || b->image.channels * b->image.height * b->image.width != b->size)
        return vouch_fail(ctx, VOUCH_ERR_SHAPE,
                          "attack: a ball of %" PRId64 " numbers, an image of %" PRId64
                          " x %" PRId64 " x %" PRId64 ", and a network of %" PRId64 " inputs",
                          b->size, b->image.channels, b->image.height, b->image.width,
                          c->inputs);
    for (int64_t i = 0; i < b->size; i++)
        if (!(b->low[i] <= b->high[i]) || !isfinite(b->low[i]) || !isfinite(b->high[i]))
            return vouch_fail(ctx, VOUCH_ERR_VALUE,
                              "attack: input %" PRId64 " has the range [%g, %g]", i,
                              (double)b->low[i], (double)b->high[i]);
    for (int64_t p = 0; p < c->request->count; p++)
        VOUCH_TRY(check_point(ctx, c, p));
    return VOUCH_OK;
}

vouch_status vouch_campaign_run(vouch_context *ctx, vouch_arena *arena,
                                const vouch_campaign *request, float *adversarial,
                                vouch_fate *fate)
{
    campaign c = {.arena = arena, .request = request, .adversarial = adversarial, .fate = fate};
    vouch_victim_plan *plan;
    VOUCH_TRY(check_request(ctx, request));
    VOUCH_TRY(vouch_victim_plan_new(ctx, arena, request->graph, &plan));
    c.plan = plan;
    c.inputs = vouch_victim_inputs(plan);
    c.classes = vouch_victim_classes(plan);
    VOUCH_TRY(check_ball(ctx, &c));
    c.clean = VOUCH_NEW_ARRAY(arena, float, request->count *c.classes);
    c.point = VOUCH_NEW_ARRAY(arena, int64_t, request->count);
    if (!c.clean || !c.point)
        return out_of_memory(ctx);
    memcpy(adversarial, request->x, (size_t)(request->count * c.inputs) * sizeof *adversarial);
    memset(fate, 0, (size_t)request->count * sizeof *fate);
    return run_all(ctx, &c);
}
