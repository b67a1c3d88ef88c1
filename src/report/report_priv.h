/* What the recorder of partition pictures (partition.c) hands to their drawing. */
#ifndef VOUCH_REPORT_REPORT_PRIV_H
#define VOUCH_REPORT_REPORT_PRIV_H

#include <pthread.h>

#include "report/partition_svg.h"

enum { VOUCH_CUTS_LIMIT = 7 }; /* of one split, so that `seen` fits its bits */

/* A rectangle in the two drawn dimensions. */
typedef struct vouch_area {
    double low[2], high[2];
} vouch_area;

/* A box of the search. */
typedef struct vouch_box_record {
    uint64_t id, parent;
    int depth;
    vouch_leaf_kind leaf;   /* 0: none */
    vouch_area whole, kept; /* as taken up; what clipping left of it */
    /* how it was cut: along an input dimension (-1: not cut; -2: in several ways) */
    int64_t dimension;
    int cut_count, children;
    unsigned seen; /* bit i: the part below cut[i] (or the last part) was taken up */
    double cut[VOUCH_CUTS_LIMIT];
} vouch_box_record;

struct vouch_partition {
    vouch_context *ctx; /* a child: workers must not write into the caller's */
    int64_t input_size, dim[2];
    pthread_mutex_t mutex;
    vouch_sink sink;
    vouch_box_record *record;
    size_t count, capacity;
    uint32_t *slot; /* 1 + index into record; 0 = free */
    size_t slot_count;
    uint64_t left_out; /* boxes not recorded: too many, or out of memory */
    int deepest;
};

/* The record of that box, or NULL. */
vouch_box_record *vouch_partition_find(const vouch_partition *p, uint64_t id);

#endif
