/* CROWN-IBP: cross-entropy of margins that are beta times the bounds of linear forms (grad/form.h)
 * and the rest interval bounds, mixed with that of the samples as `ibp` does. beta begins at 1 and
 * goes with the ramp of the radius to its setting; 1 trains against the tight bounds to the end.
 */
#include "train/bound.h"
#include "train/entropy.h"

typedef struct settings {
    double kappa, beta;
} settings;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, kappa, "share of the samples as they are, at the end of the ramp",
                    0, 0, 1),
    VOUCH_LOSS_REAL(settings, beta, "share of linear bounds, at the end of the ramp", 0, 0, 1)};

typedef struct mixing {
    const vouch_loss_job *job;
    float share, beta;
} mixing;

/* The sample's worst logits so far are the boxes'. Their adjoint stays where the others' go. */
static void mix(void *user, int64_t s, const float *margin, float *d_margin)
{
    const mixing *m = user;
    const vouch_loss_job *job = m->job;
    const vouch_bound *b = job->scratch;
    float *y = b->y + s * job->classes, *d_y = b->d_y + s * job->classes;
    const vouch_aim_at at = vouch_loss_aim(job, s);
    for (int64_t j = 0; j < job->classes; j++)
        y[j] = (1 - m->beta) * y[j] - m->beta * margin[j];
    job->part[0].loss +=
        (double)m->share * vouch_entropy_cross(&at, y, job->scale * m->share, d_y, NULL);
    for (int64_t j = 0; j < job->classes; j++) {
        d_margin[j] = -m->beta * d_y[j];
        d_y[j] *= 1 - m->beta;
    }
}

static void run(const vouch_loss_job *job)
{
    const settings *s = job->settings;
    const vouch_bound_forms *r = job->scratch;
    const float kappa = (float)(1 - (1 - s->kappa) * job->ramp);
    mixing m = {job, 1 - kappa, (float)(1 - (1 - s->beta) * job->ramp)};
    vouch_bound_classify_points(job, 0, job->x, kappa);
    vouch_bound_ball(job, job->eps);
    if (m.beta == 0 || m.share == 0) {
        vouch_bound_classify(job, 0, m.share);
        return;
    }
    vouch_bound_forward(job);
    vouch_form_run(r->forms, &(vouch_form_question){mix, &m, 1, NULL}, vouch_loss_room(job, 0));
    vouch_loss_put(job, 0);
    vouch_bound_backward(job, 0, r->bound.d_y);
}

const vouch_loss vouch_loss_crown_ibp = {
    .name = "crown-ibp",
    .summary = "cross-entropy of linear bounds through interval bounds, and of those",
    .citation = "Zhang, Chen, Xiao, Gowal, Stanforth, Li, Boning, Hsieh 2020",
    .boxes = true,
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .prepare = vouch_bound_forms_prepare,
    .run = run,
};
