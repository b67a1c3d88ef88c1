/* Linear bounds of a net's margins, walked backward through interval bounds (CROWN), with their
 * gradients: what training against tight bounds is made of.
 *
 * Every unstable ReLU (l < 0 < u) is replaced by one of two lines,
 *
 *   above: s z + t,  s = u / (u - l),  t = -l s        below: a z,  a = 1 if u > -l, else 0
 *
 * that which the sign of its coefficient asks for. A margin's bound is then a linear form A x + b,
 * at its worst in the corner x* = c - sign(A) r. So the bound is what the net with those lines gives
 * at x*, and its gradient by weights is that of this net: coefficients times values. Through s and
 * t it also depends on l and u, which are interval bounds, and passes adjoints to them.
 *
 * Source: Zhang et al. 2018 (CROWN), 2020 (CROWN-IBP). Float32, not rounded outward: for training.
 */
#ifndef VOUCH_GRAD_FORM_H
#define VOUCH_GRAD_FORM_H

#include "grad/box.h"

typedef struct vouch_form_tape vouch_form_tape;

/* For the boxes of a tape made by vouch_box_tape_new, which from now on keeps what ReLUs cut.
 * Refuses nets with layers that have no such pass. */
vouch_status vouch_form_tape_new(vouch_context *ctx, vouch_arena *arena, vouch_box_tape *boxes,
                                 vouch_form_tape **tape);

/* Of one sample: from margin [outputs], lower bounds of z_label - z_j, to d_margin, which is all 0
 * when this is called. */
typedef void vouch_form_loss(void *user, int64_t sample, const float *margin, float *d_margin);

/* What is asked for. With share < 1, bounds where only that share of the inputs moves within the box
 * and the rest stays at x: those move that the forms of all margins need least. From x input i
 * takes at most d_ij off margin j; its rank is the greatest over j of d_ij / sum_i d_ij. Lines are
 * those of the whole box. */
typedef struct vouch_form_question {
    vouch_form_loss *loss;
    void *user;
    double share;   /* 1: all */
    const float *x; /* [samples][inputs], in the boxes; NULL where share is 1 */
} vouch_form_question;

/* Bounds at each box of the last vouch_box_forward, and their gradient by the parameters, which
 * d_parameters is set to. What goes through l and u is kept in the boxes' tape: it belongs to the
 * next vouch_box_backward, which adds it. */
void vouch_form_run(vouch_form_tape *tape, const vouch_form_question *question,
                    float *d_parameters);

#endif
