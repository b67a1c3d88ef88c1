/* What the files that build networks from words share. */
#ifndef VOUCH_TRAIN_ARCHITECTURE_PRIV_H
#define VOUCH_TRAIN_ARCHITECTURE_PRIV_H

#include "train/architecture.h"

enum { ARCHITECTURE_WORD = 32, ARCHITECTURE_DEPTH = 4, ARCHITECTURE_CONSTANTS = 4 };

/* What the next word is put on. */
typedef struct architecture_end {
    char value[ARCHITECTURE_WORD];
    int64_t shape[3];
    bool flat;
} architecture_end;

/* A block "res( ... | ... )" or "gate( ... | ... )" that is open. */
typedef struct architecture_block {
    architecture_end start, branch; /* what both branches take; the end of the first one */
    bool second;                    /* the first branch has ended */
    const char *type;               /* of the node that joins both */
} architecture_block;

typedef struct architecture_building {
    vouch_context *ctx;
    const vouch_architecture *a;
    vouch_graph_builder *b;
    vouch_arena *arena;
    architecture_end end;
    architecture_block block[ARCHITECTURE_DEPTH];
    int depth;                    /* open blocks */
    int layers, nodes;            /* so far */
    vouch_tensor *weight, *bias;  /* of the last layer so far that has them */
    vouch_random before;          /* the stream they were drawn from, as it was */
    int64_t opset;                /* that what was read needs */
    int64_t narrower;             /* widths are divided by this */
    int64_t prototypes;           /* whose similarities the last value has; 0: none */
    char word[ARCHITECTURE_WORD]; /* being read */
} architecture_building;

/* A node that takes the last value, or two values, and constants. */
typedef struct architecture_node {
    const char *type, *other; /* other: the second value; NULL */
    const char *constant[ARCHITECTURE_CONSTANTS];
    const vouch_attr *attr;
    int attr_count;
} architecture_node;

vouch_status vouch_architecture_bad(const architecture_building *m, const char *why);
vouch_status vouch_architecture_add_node(architecture_building *m, const architecture_node *n);
vouch_status vouch_architecture_add_constant(const architecture_building *m, const char *name,
                                             vouch_tensor *t);
/* That many prototypes, and the greatest similarities to them. */
vouch_status vouch_architecture_add_prototypes(architecture_building *m, int64_t count);
/* The last weights, of so many outputs, if they judge prototypes: each output has its own. */
void vouch_architecture_judge(architecture_building *m, int64_t outputs);
/* Adds the layer that m->word names. */
vouch_status vouch_architecture_add_layer(architecture_building *m);

#endif
