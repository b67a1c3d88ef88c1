/* Validation after an epoch: samples that are right, and that stay right under PGD from one random
 * start, which is the same in every epoch. */
#include "train/entropy.h"
#include "train/fit_priv.h"
#include "train/perturb.h"

static int64_t hits_at(const vouch_loss_job *job, const float *x)
{
    const vouch_aim_at at = {.count = job->count, .classes = job->classes, .label = job->label};
    int64_t hits = 0;
    vouch_tape_forward(job->tape, job->count, x, job->y);
    (void)vouch_entropy_cross(&at, job->y, 1, NULL, &hits);
    return hits;
}

void vouch_fit_validate(const fit *f, fit_desk *d, int worker)
{
    const vouch_fit_data *v = f->s->validation;
    const int64_t stride = (int64_t)f->s->threads * f->capacity;
    const float eps = (float)f->s->eps;
    d->score = (vouch_fit_score){0};
    vouch_tape_train(d->tape, false);
    for (int64_t at = (int64_t)worker * f->capacity; at < v->count; at += stride) {
        const int64_t left = v->count - at, count = left < f->capacity ? left : f->capacity;
        vouch_loss_job job = vouch_fit_job(f, d, count, 1);
        job.x = v->x + at * v->inputs;
        job.label = v->label + at;
        job.target = NULL;
        for (int64_t i = 0; i < count; i++)
            d->name[i] = (uint64_t)(at + i);
        d->score.clean += hits_at(&job, job.x);
        vouch_perturb_start(&job, eps);
        vouch_perturb_clip(&job);
        vouch_perturb_climb(&job, f->s->attack_steps, eps / 4, eps);
        d->score.robust += hits_at(&job, job.out);
    }
    vouch_tape_train(d->tape, true);
}

bool vouch_fit_judge(fit *f)
{
    vouch_fit_score sum = {0};
    for (int w = 0; w < f->s->threads; w++) {
        sum.clean += f->desk[w].score.clean;
        sum.robust += f->desk[w].score.robust;
    }
    f->score = sum;
    if (f->top_epoch > 0 && (sum.robust < f->top.robust ||
                             (sum.robust == f->top.robust && sum.clean <= f->top.clean)))
        return false;
    f->top = sum;
    f->top_epoch = f->epoch;
    return true;
}
