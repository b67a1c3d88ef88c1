/* What an attack makes large: functions of the logits, with their gradients.
 *
 * All of them grow as the classification gets worse for the label, or, where a target is given,
 * better for the target.
 */
#ifndef VOUCH_ATTACK_OBJECTIVE_H
#define VOUCH_ATTACK_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* label: the true class; target: the class wanted, -1 = any other than the label. */
typedef struct vouch_aim {
    int64_t classes; /* at least 2 */
    int label, target;
} vouch_aim;

typedef struct vouch_objective {
    const char *name, *summary, *citation;
    /* The value at the logits z[classes]; d_z[classes] <- its gradient. */
    double (*value)(const vouch_aim *aim, const float *z, float *d_z);
} vouch_objective;

const vouch_objective *const *vouch_objective_table(void); /* NULL-terminated */
const vouch_objective *vouch_objective_find(const char *name);
/* As `choices` of an option row. */
bool vouch_objective_choices(size_t index, const char **name);

/* The class of the largest logit, the first of several; NaN never wins. */
int vouch_predicted(int64_t classes, const float *z);
/* How clearly the goal is met: > 0 iff z is adversarial (the target first, or another than the
 * label first). NaN: never. */
double vouch_aim_margin(const vouch_aim *aim, const float *z);
/* The class of rank r (0: the largest logit) among all but `without` (-1: among all); of equal
 * logits the first. */
int vouch_ranked(int64_t classes, const float *z, int without, int64_t r);

#endif
