/* Attacks and losses on some samples (gauge.h). */
#include "lab/gauge.h"

#include <math.h>
#include <string.h>

#include "eval/team.h"
#include "train/bound.h"
#include "train/elle.h"
#include "train/entropy.h"
#include "train/perturb.h"
#include "train/terms.h"

/* ---- attacks --------------------------------------------------------------------------------- */

static bool attack_at(size_t index, vouch_term_kind *kind)
{
    const vouch_attack *a = vouch_attack_table()[index];
    if (!a)
        return false;
    *kind = (vouch_term_kind){a->name, a, a->size, a->options, a->option_count};
    return true;
}

vouch_status vouch_gauge_ball(vouch_arena *arena, const vouch_data_info *info, double eps,
                              vouch_ball *ball)
{
    const bool image = info->shape.rank == 3;
    float *low = VOUCH_NEW_ARRAY(arena, float, info->size);
    float *high = VOUCH_NEW_ARRAY(arena, float, info->size);
    if (!low || !high)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < info->size; i++) {
        low[i] = info->feature[i].low;
        high[i] = info->feature[i].high;
    }
    *ball =
        (vouch_ball){.norm = VOUCH_NORM_LINF,
                     .eps = eps,
                     .size = info->size,
                     .low = low,
                     .high = high,
                     .image = {image ? info->shape.dim[0] : 1, image ? info->shape.dim[1] : 1,
                               image ? info->shape.dim[2] : info->size}};
    return VOUCH_OK;
}

vouch_status vouch_gauge_find_attack(vouch_arena *arena, const char *text,
                                     const vouch_attack **attack, const void **settings)
{
    static const vouch_term_table table = {"attack", attack_at};
    vouch_term term;
    int terms = 0;
    VOUCH_TRY(vouch_terms_parse(arena, &table, text, &term, 1, &terms));
    if (terms != 1)
        return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT, "no attack is named");
    *attack = term.entry;
    *settings = term.settings;
    return VOUCH_OK;
}

vouch_status vouch_gauge_attack(vouch_context *ctx, vouch_arena *arena,
                                const vouch_gauge_request *r, const char *attack,
                                vouch_fate **fate)
{
    const int64_t count = r->data->info.count;
    const vouch_attack *kind = NULL;
    const void *settings = NULL;
    vouch_ball ball;
    float *found = VOUCH_NEW_ARRAY(arena, float, count * r->data->info.size);
    *fate = VOUCH_NEW_ARRAY(arena, vouch_fate, count);
    if (!found || !*fate)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_gauge_find_attack(arena, attack, &kind, &settings));
    VOUCH_TRY(vouch_gauge_ball(arena, &r->data->info, r->eps, &ball));
    const vouch_campaign campaign = {.graph = r->graph,
                                     .attack = kind,
                                     .settings = settings,
                                     .ball = &ball,
                                     .count = count,
                                     .x = r->data->x,
                                     .label = r->data->label,
                                     .seed = r->seed,
                                     .threads = r->threads};
    return vouch_campaign_run(ctx, arena, &campaign, found, *fate);
}

int64_t vouch_gauge_held(int64_t count, const vouch_fate *fate)
{
    int64_t held = 0;
    for (int64_t i = 0; i < count; i++)
        held +=
            fate[i].outcome == VOUCH_OUTCOME_HELD || fate[i].outcome == VOUCH_OUTCOME_DOUBTFUL;
    return held;
}

static vouch_status attack(vouch_context *ctx, vouch_arena *arena, const vouch_gauge_request *r,
                           vouch_gauge *g)
{
    const int64_t count = r->data->info.count;
    const char *pgd = vouch_arena_print(arena, "pgd steps=%lld restarts=%lld",
                                        (long long)r->steps, (long long)r->restarts);
    vouch_fate *fate;
    if (!pgd)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_gauge_attack(ctx, arena, r, "fgsm", &fate));
    g->clean = count;
    for (int64_t i = 0; i < count; i++)
        g->clean -= fate[i].outcome == VOUCH_OUTCOME_WRONG;
    g->single = vouch_gauge_held(count, fate);
    VOUCH_TRY(vouch_gauge_attack(ctx, arena, r, pgd, &fate));
    g->pgd = vouch_gauge_held(count, fate);
    return VOUCH_OK;
}

/* ---- losses ---------------------------------------------------------------------------------- */

enum { UNIT = 32 }; /* samples */

typedef struct losses {
    const vouch_gauge_request *r;
    vouch_net *net;
    float low, high;
    bool has_bounds;
    double *linearity, *bound; /* [units] sums */
    double *clean, *least;     /* [count] margins */
} losses;

/* A job (train/loss.h) for measuring alone: no gradients of parameters. */
static vouch_status new_job(const vouch_team_member *m, const losses *l, int64_t unit,
                            vouch_loss_job *job)
{
    const vouch_data *data = l->r->data;
    const int64_t first = unit * UNIT, left = data->info.count - first;
    const int64_t count = left < UNIT ? left : UNIT, rows = VOUCH_ELLE_ROWS * count;
    uint64_t *name = VOUCH_NEW_ARRAY(m->arena, uint64_t, count);
    *job = (vouch_loss_job){.net = l->net,
                            .count = count,
                            .inputs = data->info.size,
                            .classes = vouch_net_outputs(l->net),
                            .x = vouch_data_x(data, first),
                            .label = data->label + first,
                            .sample = name,
                            .seed = l->r->seed,
                            .scale = 1,
                            .low = l->low,
                            .high = l->high,
                            .eps = (float)l->r->eps,
                            .ramp = 1};
    job->y = VOUCH_NEW_ARRAY(m->arena, float, rows * job->classes);
    job->d_y = VOUCH_NEW_ARRAY(m->arena, float, rows * job->classes);
    job->out = VOUCH_NEW_ARRAY(m->arena, float, rows * job->inputs);
    job->d_x = VOUCH_NEW_ARRAY(m->arena, float, rows * job->inputs);
    if (!name || !job->y || !job->d_y || !job->out || !job->d_x)
        return VOUCH_ERR_MEMORY;
    for (int64_t i = 0; i < count; i++)
        name[i] = (uint64_t)(first + i);
    return vouch_tape_new(m->ctx, m->arena, l->net, rows, &job->tape);
}

static double bound_loss(const vouch_loss_job *job)
{
    const vouch_aim_at at = {.count = job->count, .classes = job->classes, .label = job->label};
    const vouch_bound *b = job->scratch;
    vouch_bound_ball(job, job->eps);
    vouch_bound_forward(job);
    return vouch_entropy_cross(&at, b->y, 1, NULL, NULL);
}

static vouch_status some_losses(const vouch_team_member *m, void *shared, int64_t unit)
{
    const losses *l = shared;
    vouch_loss_job job;
    int64_t certified = 0; /* by these bounds: nobody asks */
    VOUCH_TRY(new_job(m, l, unit, &job));
    job.certified = &certified;
    l->linearity[unit] = vouch_elle_errors(&job, 0);
    if (!l->has_bounds)
        return VOUCH_OK;
    const vouch_loss_place place = {.ctx = m->ctx,
                                    .arena = m->arena,
                                    .net = l->net,
                                    .tape = job.tape,
                                    .capacity = job.count};
    VOUCH_TRY(vouch_bound_prepare(&place, &job.scratch));
    l->bound[unit] = bound_loss(&job);
    return VOUCH_OK;
}

/* Not every network has interval bounds; that is no error here. */
static vouch_status find_bounds(vouch_context *ctx, vouch_arena *arena, losses *l)
{
    vouch_box_tape *tape;
    const vouch_status status = vouch_box_tape_new(ctx, arena, l->net, 1, &tape);
    l->has_bounds = status == VOUCH_OK;
    if (status != VOUCH_ERR_UNSUPPORTED)
        return status;
    vouch_context_clear_error(ctx);
    return VOUCH_OK;
}

static double mean_of(const double *sum, int64_t units, int64_t count)
{
    double all = 0;
    for (int64_t u = 0; u < units; u++)
        all += sum[u];
    return all / (double)count;
}

static vouch_status measure_losses(vouch_context *ctx, vouch_arena *arena, losses *l,
                                   vouch_gauge *g)
{
    const int64_t count = l->r->data->info.count, units = (count + UNIT - 1) / UNIT;
    const vouch_team team = {NULL, l->r->threads, "losses", some_losses, l};
    l->linearity = VOUCH_NEW_ARRAY(arena, double, units);
    l->bound = VOUCH_NEW_ARRAY(arena, double, units);
    if (!l->linearity || !l->bound)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(find_bounds(ctx, arena, l));
    VOUCH_TRY(vouch_team_run(ctx, &team, units));
    g->linearity = mean_of(l->linearity, units, count);
    g->bound = l->has_bounds ? mean_of(l->bound, units, count) : (double)NAN;
    return VOUCH_OK;
}

static vouch_status open_losses(vouch_context *ctx, vouch_arena *arena,
                                const vouch_gauge_request *request, losses *l)
{
    const vouch_data_info *info = &request->data->info;
    *l = (losses){.r = request, .low = info->feature[0].low, .high = info->feature[0].high};
    for (int64_t i = 1; i < info->size; i++) {
        l->low = fminf(l->low, info->feature[i].low);
        l->high = fmaxf(l->high, info->feature[i].high);
    }
    VOUCH_TRY(vouch_net_new(ctx, arena, request->graph, &l->net));
    return l->net ? VOUCH_OK
                  : vouch_fail(ctx, VOUCH_ERR_UNSUPPORTED,
                               "not a network of layers that losses take");
}

vouch_status vouch_gauge_run(vouch_context *ctx, vouch_arena *arena,
                             const vouch_gauge_request *request, vouch_gauge *gauge)
{
    losses l;
    VOUCH_TRY(attack(ctx, arena, request, gauge));
    VOUCH_TRY(open_losses(ctx, arena, request, &l));
    return measure_losses(ctx, arena, &l, gauge);
}

/* ---- margins --------------------------------------------------------------------------------- */

static void put_margins(const vouch_loss_job *job, const float *x, double *margin)
{
    vouch_tape_forward(job->tape, job->count, x, job->y);
    for (int64_t s = 0; s < job->count; s++) {
        const vouch_aim aim = {job->classes, job->label[s], -1};
        margin[s] = -vouch_aim_margin(&aim, job->y + s * job->classes);
    }
}

static vouch_status some_margins(const vouch_team_member *m, void *shared, int64_t unit)
{
    const losses *l = shared;
    const vouch_gauge_request *r = l->r;
    const double step = fmax(0.25, 2 / (double)r->steps) * r->eps;
    double *clean = l->clean + unit * UNIT, *least = l->least + unit * UNIT;
    vouch_loss_job job;
    VOUCH_TRY(new_job(m, l, unit, &job));
    put_margins(&job, job.x, clean);
    vouch_perturb_start(&job, job.eps);
    vouch_perturb_clip(&job);
    vouch_perturb_climb(&job, r->steps, (float)step, job.eps);
    put_margins(&job, job.out, least);
    for (int64_t s = 0; s < job.count; s++)
        least[s] = fmin(least[s], clean[s]);
    return VOUCH_OK;
}

vouch_status vouch_gauge_margins(vouch_context *ctx, vouch_arena *arena,
                                 const vouch_gauge_request *request, double *clean,
                                 double *least)
{
    losses l;
    VOUCH_TRY(open_losses(ctx, arena, request, &l));
    l.clean = clean;
    l.least = least;
    const vouch_team team = {NULL, request->threads, "margins", some_margins, &l};
    return vouch_team_run(ctx, &team, (request->data->info.count + UNIT - 1) / UNIT);
}
