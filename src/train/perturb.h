/* Perturbations of samples inside an L-infinity ball, by the gradient of the cross-entropy: the
 * steps that losses are made of. All act on job->out. */
#ifndef VOUCH_TRAIN_PERTURB_H
#define VOUCH_TRAIN_PERTURB_H

#include "train/loss.h"

/* out = x */
void vouch_perturb_none(const vouch_loss_job *job);
/* out = x + U[-radius, radius], which may leave the range: were it brought back, almost every
 * feature at an end of its range would end at a corner of the ball after one long step. */
void vouch_perturb_start(const vouch_loss_job *job, float radius);
/* out = out, within the range */
void vouch_perturb_clip(const vouch_loss_job *job);
/* d_x becomes the gradient of the cross-entropy, of targets if there are any, at out. */
void vouch_perturb_gradient(const vouch_loss_job *job);
/* out += step sign(d_x), back into the range and within `radius` of `centre` (INFINITY: only the
 * range). */
void vouch_perturb_step(const vouch_loss_job *job, const float *centre, float step,
                        float radius);
/* `steps` steps by gradients, within the radius of x. */
void vouch_perturb_climb(const vouch_loss_job *job, int64_t steps, float step, float radius);

#endif
