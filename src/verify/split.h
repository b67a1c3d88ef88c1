/* Split heuristics: where to cut a box that could not be decided.
 *
 * A heuristic scores every input dimension; the highest score is cut first. It sees what the
 * bounding of the box left behind (the view) and nothing else, so that it works for every
 * engine. Any scores are sound: they only change how many subproblems are needed.
 *
 * A new heuristic is one file src/verify/split_NAME.c with `const vouch_split vouch_split_NAME`
 * and one line VOUCH_SPLIT(NAME) in split.def.
 */
#ifndef VOUCH_VERIFY_SPLIT_H
#define VOUCH_VERIFY_SPLIT_H

#include "base/random.h"

/* What a heuristic wants to see. Computing the expensive parts is skipped unless asked for. */
enum {
    VOUCH_SPLIT_NEEDS_FORMS = 1,    /* row_lower, row_upper */
    VOUCH_SPLIT_NEEDS_GRADIENT = 2, /* gradient_bound */
    VOUCH_SPLIT_NEEDS_GAP = 4       /* gap */
};

typedef struct vouch_split_view {
    int input_size;
    const double *width;     /* [input_size]; 0 = cannot be cut */
    int row_count;           /* open rows of open cases */
    const double *row_lower; /* [row_count][input_size] coefficients of the lower forms */
    const double *row_upper; /* the same of the upper forms; NULL if the engine has none */
    /* [input_size]: largest |d row / d x_i| over the box and the open rows */
    const double *gradient_bound;
    /* [input_size]: sum over unstable neurons j of (relaxation gap of j seen from the open
     * rows) x (share of j's pre-activation range that x_i spans); see split_gap.c */
    const double *gap;
    const double *row_deficit; /* [row_count]: how far each row is from being proved, >= 0 */
    int depth;
    vouch_random *random; /* of this subproblem, independent of threads */
} vouch_split_view;

typedef struct vouch_split {
    const char *name;
    const char *summary;
    const char *citation;
    unsigned needs;                                             /* VOUCH_SPLIT_NEEDS_* */
    void (*score)(const vouch_split_view *view, double *score); /* [input_size] */
} vouch_split;

const vouch_split *const *vouch_split_table(void); /* NULL-terminated */
const vouch_split *vouch_split_find(const char *name);

#endif
