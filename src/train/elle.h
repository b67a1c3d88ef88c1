/* Local linearity error (ELLE): how far the loss at a point between two points of the ball is from
 * the same mean of their losses.
 *
 *   x_a, x_b ~ U(ball),  x_c = (1 - a) x_a + a x_b,  a ~ U[0, 1]
 *   error = (L(x_c) - (1 - a) L(x_a) - a L(x_b))^2
 *
 * Under FGSM's overfitting it rises by orders of magnitude; kept low, one step stays honest.
 * Source: Abad Rocamora, Liu, Chrysos, Olmos, Cevher 2024.
 */
#ifndef VOUCH_TRAIN_ELLE_H
#define VOUCH_TRAIN_ELLE_H

#include "train/loss.h"

enum { VOUCH_ELLE_ROWS = 3 };

/* The sum of errors of the chunk; d_y becomes `factor` times its gradient by the outputs. */
double vouch_elle_errors(const vouch_loss_job *job, float factor);
/* The sum of errors of the chunk, and its gradient, times `factor`, into part 0. */
void vouch_elle_run(const vouch_loss_job *job, float factor);

#endif
