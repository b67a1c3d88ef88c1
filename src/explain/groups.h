/* Features: the groups of inputs that are explained as one.
 *
 * A grouping is one file group_NAME.c with `const vouch_grouping vouch_grouping_NAME` and one line
 * VOUCH_GROUPING(NAME) in group.def. It labels every input; inputs of one label are one feature.
 * Features are numbered by their first input.
 */
#ifndef VOUCH_EXPLAIN_GROUPS_H
#define VOUCH_EXPLAIN_GROUPS_H

#include "attack/ball.h"
#include "base/arena.h"

typedef struct vouch_groups {
    int64_t inputs, count;
    const int64_t *of;     /* [inputs]: the feature of each */
    const int64_t *start;  /* [count + 1] into member */
    const int64_t *member; /* [inputs] */
} vouch_groups;

/* What a grouping may look at. */
typedef struct vouch_group_request {
    int64_t inputs;
    vouch_image image;            /* 1 x 1 x inputs where there is none */
    const vouch_feature *feature; /* [inputs] of a table; NULL: none */
    const float *x;               /* [inputs]: the point */
    int64_t patch;                /* side of a patch */
    double bandwidth, lambda;     /* of superpixels: reach; what colours count */
} vouch_group_request;

enum { VOUCH_GROUPING_SETTINGS = 2 };

typedef struct vouch_grouping {
    const char *name, *summary, *citation;
    bool image, table; /* needs one */
    bool is_of_point;  /* features of one point are not those of another */
    const char *setting[VOUCH_GROUPING_SETTINGS]; /* of a request, that it looks at; or NULL */
    /* label[inputs] <- >= 0; false: out of memory */
    bool (*label)(vouch_arena *arena, const vouch_group_request *request, int64_t *label);
} vouch_grouping;

const vouch_grouping *const *vouch_grouping_table(void); /* NULL-terminated */
const vouch_grouping *vouch_grouping_find(const char *name);
/* Does it look at the setting of that name? */
bool vouch_grouping_uses(const vouch_grouping *grouping, const char *setting);
/* As `choices` of an option row. */
bool vouch_grouping_choices(size_t index, const char **name);

/* The groups, in the arena. */
vouch_status vouch_groups_make(vouch_arena *arena, const vouch_grouping *grouping,
                               const vouch_group_request *request, vouch_groups *groups);

#endif
