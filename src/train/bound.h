/* What losses of certified training share: boxes around samples, and cross-entropies of the
 * margins that interval bounds leave (grad/box.h).
 *
 * The worst logits of a box are minus the bounds of the margins, 0 at the label; their
 * cross-entropy bounds that of every point of the box from above [Wong, Kolter 2018, Theorem 2].
 */
#ifndef VOUCH_TRAIN_BOUND_H
#define VOUCH_TRAIN_BOUND_H

#include "grad/box.h"
#include "grad/form.h"
#include "train/loss.h"

/* Scratch of such a loss. */
typedef struct vouch_bound {
    vouch_box_tape *tape;
    float *low, *high;  /* [capacity][inputs] */
    float *y;           /* [capacity][classes] worst logits */
    float *d_y, *spare; /* [capacity][classes] */
    float *rank;        /* [inputs] */
} vouch_bound;

/* As vouch_loss.prepare. */
vouch_status vouch_bound_prepare(const vouch_loss_place *place, void **scratch);

/* Of one that has linear bounds, too. Begins with what bounds need. */
typedef struct vouch_bound_forms {
    vouch_bound bound;
    vouch_form_tape *forms;
} vouch_bound_forms;

vouch_status vouch_bound_forms_prepare(const vouch_loss_place *place, void **scratch);

/* ---- boxes ----------------------------------------------------------------------------------- */

/* Around x, within the range; where job->features says so, of no size in the features that a map of
 * saliency leaves out: those whose derivative of the cross-entropy is not among the greatest in
 * size (or is). That uses the job's tape, y, d_y and d_x. */
void vouch_bound_ball(const vouch_loss_job *job, float radius);
/* Boxes of `share` of the ball's size around points, moved until they lie in ball and range. */
void vouch_bound_within(const vouch_loss_job *job, const float *point, float share);

/* ---- losses ---------------------------------------------------------------------------------- */

/* Bounds at the boxes: bound->y. */
void vouch_bound_forward(const vouch_loss_job *job);
/* Into room of part p, from d_y [count][classes] of the worst logits of the last forward pass. */
void vouch_bound_backward(const vouch_loss_job *job, int p, const float *d_y);
/* `share` times the cross-entropy of the worst logits into part p, with its gradient. */
void vouch_bound_classify(const vouch_loss_job *job, int p, float share);
/* `share` times the cross-entropy at rows x into part p, with its gradient; hits are counted. */
void vouch_bound_classify_points(const vouch_loss_job *job, int p, const float *x, float share);

/* ---- points ---------------------------------------------------------------------------------- */

/* Settings that losses of points and bounds have in common, and their rows. */
typedef struct vouch_bound_attack {
    const char *points; /* what kind */
    int64_t steps;
    double attack, step;
} vouch_bound_attack;

/* As `choices` of an option row: pgd, fgsm, n-fgsm. */
bool vouch_bound_points_choices(size_t index, const char **name);

#define VOUCH_BOUND_ATTACK_ROWS(owner, field, many, length)                                    \
    {.name = "points",                                                                         \
     .argument = "KIND",                                                                       \
     .help = "pgd: a random start, then steps; fgsm, n-fgsm: one step as in those losses",     \
     .type = VOUCH_OPTION_CHOICE,                                                              \
     .offset = offsetof(owner, field.points),                                                  \
     .text = "pgd",                                                                            \
     .choices = vouch_bound_points_choices},                                                   \
        {.name = "steps",                                                                      \
         .argument = "N",                                                                      \
         .help = "of the attack",                                                              \
         .type = VOUCH_OPTION_INT,                                                             \
         .offset = offsetof(owner, field.steps),                                               \
         .number = many,                                                                       \
         .low = 1,                                                                             \
         .high = 1e6},                                                                         \
        {.name = "step",                                                                       \
         .argument = "X",                                                                      \
         .help = "length of the attack's steps, in its radii",                                 \
         .type = VOUCH_OPTION_REAL,                                                            \
         .offset = offsetof(owner, field.step),                                                \
         .number = length,                                                                     \
         .low = 0,                                                                             \
         .high = 1e3},                                                                         \
    {                                                                                          \
        .name = "attack", .argument = "X",                                                     \
        .help = "the attack's radius, in radii of the bounds", .type = VOUCH_OPTION_REAL,      \
        .offset = offsetof(owner, field.attack), .number = 1, .low = 0, .high = 1e3            \
    }

/* job->out <- adversarial points of that kind. */
void vouch_bound_climb(const vouch_loss_job *job, const vouch_bound_attack *a);

#endif
