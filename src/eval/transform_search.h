/* One point under one transformation: refuted by a parameter, or proved cell by cell. */
#ifndef VOUCH_EVAL_TRANSFORM_SEARCH_H
#define VOUCH_EVAL_TRANSFORM_SEARCH_H

#include "eval/team.h"
#include "eval/transformed.h"

typedef struct vouch_transform_point {
    const vouch_transforming *request;
    const bool *varying; /* vouch_op_varying of the victim's graph */
    int64_t point;
} vouch_transform_point;

vouch_status vouch_transform_search(const vouch_team_member *member,
                                    const vouch_transform_point *at,
                                    vouch_transform_verdict *verdict);

#endif
