/* Boxes, worst logits and points of certified losses (bound.h). */
#include "train/bound.h"

#include <math.h>
#include <string.h>

#include "num/select.h"
#include "train/entropy.h"
#include "train/perturb.h"

vouch_status vouch_bound_prepare(const vouch_loss_place *place, void **scratch)
{
    const int64_t inputs = place->capacity * vouch_net_inputs(place->net);
    const int64_t outputs = place->capacity * vouch_net_outputs(place->net);
    vouch_bound *b = VOUCH_NEW(place->arena, vouch_bound);
    *scratch = b;
    if (!b)
        return VOUCH_ERR_MEMORY;
    b->low = VOUCH_NEW_ARRAY(place->arena, float, inputs);
    b->high = VOUCH_NEW_ARRAY(place->arena, float, inputs);
    b->y = VOUCH_NEW_ARRAY(place->arena, float, outputs);
    b->d_y = VOUCH_NEW_ARRAY(place->arena, float, outputs);
    b->spare = VOUCH_NEW_ARRAY(place->arena, float, outputs);
    b->rank = VOUCH_NEW_ARRAY(place->arena, float, vouch_net_inputs(place->net));
    if (!b->low || !b->high || !b->y || !b->d_y || !b->spare || !b->rank)
        return VOUCH_ERR_MEMORY;
    return vouch_box_tape_new(place->ctx, place->arena, place->net, place->capacity, &b->tape);
}

vouch_status vouch_bound_forms_prepare(const vouch_loss_place *place, void **scratch)
{
    vouch_bound_forms *r = VOUCH_NEW(place->arena, vouch_bound_forms);
    void *bound = NULL;
    *scratch = r;
    if (!r)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_bound_prepare(place, &bound));
    r->bound = *(vouch_bound *)bound;
    return vouch_form_tape_new(place->ctx, place->arena, r->bound.tape, &r->forms);
}

/* ---- boxes ----------------------------------------------------------------------------------- */

static float least(float a, float b) { return a < b ? a : b; }

static float most(float a, float b) { return a > b ? a : b; }

/* Of one sample: features on the side that is not covered get no size. Equals count as salient. */
static void leave_out(const vouch_loss_job *job, int64_t s)
{
    const vouch_bound *b = job->scratch;
    const int64_t n = job->inputs, at = s * n;
    const int64_t top = (int64_t)(fabs(job->features) * (double)n);
    for (int64_t i = 0; i < n; i++)
        b->rank[i] = fabsf(job->d_x[at + i]);
    const float edge = top > 0 ? vouch_select_greatest(b->rank, n, top - 1) : INFINITY;
    for (int64_t i = 0; i < n; i++)
        if ((fabsf(job->d_x[at + i]) >= edge) != (job->features > 0))
            b->low[at + i] = b->high[at + i] = job->x[at + i];
}

static void mask(const vouch_loss_job *job)
{
    vouch_tape_forward(job->tape, job->count, job->x, job->y);
    const vouch_aim_at at = vouch_loss_aims(job);
    (void)vouch_entropy_cross(&at, job->y, 1, job->d_y, NULL);
    vouch_tape_backward(job->tape, job->d_y, job->d_x, NULL);
    for (int64_t s = 0; s < job->count; s++)
        leave_out(job, s);
}

void vouch_bound_ball(const vouch_loss_job *job, float radius)
{
    vouch_bound *b = job->scratch;
    for (int64_t i = 0; i < job->count * job->inputs; i++) {
        b->low[i] = most(job->x[i] - radius, job->low);
        b->high[i] = least(job->x[i] + radius, job->high);
    }
    if (job->features != 0 && job->features != 1)
        mask(job);
}

void vouch_bound_within(const vouch_loss_job *job, const float *point, float share)
{
    vouch_bound *b = job->scratch;
    vouch_bound_ball(job, job->eps);
    for (int64_t i = 0; i < job->count * job->inputs; i++) {
        const float half = share * 0.5F * (b->high[i] - b->low[i]);
        const float centre = least(most(point[i], b->low[i] + half), b->high[i] - half);
        b->low[i] = centre - half;
        b->high[i] = centre + half;
    }
}

/* ---- losses ---------------------------------------------------------------------------------- */

/* Samples all of whose margins' bounds are positive. */
static void count_certified(const vouch_loss_job *job)
{
    const vouch_bound *b = job->scratch;
    int64_t count = 0;
    for (int64_t s = 0; s < job->count; s++) {
        const float *y = b->y + s * job->classes;
        bool kept = true;
        for (int64_t j = 0; j < job->classes; j++)
            kept &= j == job->label[s] || y[j] < 0;
        count += kept;
    }
    if (job->certified)
        *job->certified = count;
}

void vouch_bound_forward(const vouch_loss_job *job)
{
    vouch_bound *b = job->scratch;
    vouch_box_name(b->tape, job->seed, job->count, job->sample);
    vouch_box_forward(b->tape, job->count, b->low, b->high, job->label, b->y);
    for (int64_t i = 0; i < job->count * job->classes; i++)
        b->y[i] = -b->y[i];
    count_certified(job);
}

void vouch_bound_backward(const vouch_loss_job *job, int p, const float *d_y)
{
    vouch_bound *b = job->scratch;
    for (int64_t i = 0; i < job->count * job->classes; i++)
        b->spare[i] = -d_y[i];
    vouch_box_backward(b->tape, b->spare, vouch_loss_room(job, p));
    vouch_loss_put(job, p);
}

static double cross(const vouch_loss_job *job, const float *y, float scale, float *d_y,
                    int64_t *hits)
{
    const vouch_aim_at at = vouch_loss_aims(job);
    return vouch_entropy_cross(&at, y, scale, d_y, hits);
}

void vouch_bound_classify(const vouch_loss_job *job, int p, float share)
{
    vouch_bound *b = job->scratch;
    if (share == 0)
        return;
    vouch_bound_forward(job);
    job->part[p].loss += (double)share * cross(job, b->y, job->scale * share, b->d_y, NULL);
    vouch_bound_backward(job, p, b->d_y);
}

void vouch_bound_classify_points(const vouch_loss_job *job, int p, const float *x, float share)
{
    vouch_tape_forward(job->tape, job->count, x, job->y);
    job->part[p].loss +=
        (double)share * cross(job, job->y, job->scale * share, job->d_y, job->hits);
    if (share != 0)
        vouch_loss_backward(job, p, job->d_y);
}

/* ---- points ---------------------------------------------------------------------------------- */

static void climb_pgd(const vouch_loss_job *job, const vouch_bound_attack *a, float radius)
{
    vouch_perturb_start(job, radius);
    vouch_perturb_clip(job);
    vouch_perturb_climb(job, a->steps, (float)a->step * radius, radius);
}

static void climb_fgsm(const vouch_loss_job *job, const vouch_bound_attack *a, float radius)
{
    (void)a;
    vouch_perturb_none(job);
    vouch_perturb_climb(job, 1, radius, radius);
}

/* Noise of twice the radius and a step of it, not brought back into the ball. */
static void climb_n_fgsm(const vouch_loss_job *job, const vouch_bound_attack *a, float radius)
{
    (void)a;
    vouch_perturb_start(job, 2 * radius);
    vouch_perturb_climb(job, 1, radius, INFINITY);
}

static const struct kind {
    const char *name;
    void (*climb)(const vouch_loss_job *job, const vouch_bound_attack *a, float radius);
} kinds[] = {{"pgd", climb_pgd}, {"fgsm", climb_fgsm}, {"n-fgsm", climb_n_fgsm}};
enum { KINDS = sizeof kinds / sizeof *kinds };

bool vouch_bound_points_choices(size_t index, const char **name)
{
    *name = index < KINDS ? kinds[index].name : NULL;
    return index < KINDS;
}

void vouch_bound_climb(const vouch_loss_job *job, const vouch_bound_attack *a)
{
    for (size_t k = 0; k < KINDS; k++)
        if (strcmp(kinds[k].name, a->points) == 0)
            kinds[k].climb(job, a, (float)a->attack * job->eps);
}
