/* The walk that expands a formula into cases: its state, shared by the walk itself (normal.c)
 * and the making of boxes and cases (cases.c).
 */
#ifndef VOUCH_SPEC_NORMAL_H
#define VOUCH_SPEC_NORMAL_H

#include "spec/formula.h"

typedef enum vouch_change_kind {
    VOUCH_CHANGED_LOW = 1,
    VOUCH_CHANGED_HIGH,
    VOUCH_CHANGED_ROW
} vouch_change_kind;

/* One change of the partial case, with what was there before. */
typedef struct vouch_change {
    vouch_change_kind kind;
    int line; /* of the old bound; the old row's node for VOUCH_CHANGED_ROW */
    int box;  /* the current box before the change, -1 = not known */
    int64_t index;
    const vouch_number *number;
} vouch_change;

/* One disjunction being gone through. */
typedef struct vouch_frame {
    int next_child; /* node, -1 = none left */
    size_t trail, open;
    size_t taken; /* disjunctions dealt with, this one included */
} vouch_frame;

typedef struct vouch_walk {
    vouch_context *ctx;
    vouch_spec *spec;
    const vouch_formula *f;
    const vouch_number **low, **high; /* [input_size], NULL = unbounded */
    int *low_line, *high_line;
    unsigned long long hash; /* of the bounds */
    int box;                 /* the index of the current bounds, -1 = not known */
    int *row;                /* [form_count]: node of the tightest row, -1 = none */
    int *active;             /* forms that have a row, in the order they came */
    size_t active_count;
    vouch_change *trail;
    size_t trail_count, trail_capacity;
    int *open; /* disjunctions met; those before `taken` are dealt with */
    size_t open_count, open_capacity, taken;
    vouch_frame *frame;
    size_t frame_count, frame_capacity;
    int *scratch; /* [form_count] */
    /* results while they grow */
    vouch_box *boxes;
    unsigned long long *box_hash;
    size_t box_count, box_capacity, box_hash_capacity;
    vouch_case *cases;
    unsigned long long *case_hash;
    size_t case_count, case_capacity, case_hash_capacity;
    size_t row_total;
    int *box_slot, *case_slot; /* hash tables: index + 1, 0 = free */
    size_t box_slots, case_slots;
    int64_t work;
    int line;    /* of the branch being tried, for messages */
    bool failed; /* no memory for the note */
} vouch_walk;

/* Expands the formula into the boxes and cases of spec. */
vouch_status vouch_spec_normalise(vouch_spec *spec, vouch_context *ctx, const vouch_formula *f,
                                  int root);

/* Counts steps of the walk; an error when they are far too many. */
vouch_status vouch_walk_spend(vouch_walk *w, int64_t steps);
/* Notes that the bounds of an input contradict each other, if it is the first contradiction.
 * Returns false. */
bool vouch_walk_bounds_contradict(vouch_walk *w, int64_t input);
/* No disjunction is open: the partial case becomes a case. */
vouch_status vouch_walk_emit(vouch_walk *w);
/* Hands boxes and cases over to the specification. */
vouch_status vouch_walk_finish(vouch_walk *w);

/* Room for one more element, or NULL; the array survives failure. */
void *vouch_walk_grow(vouch_walk *w, void *array, size_t *capacity, size_t count, size_t size);

/* VOUCH_WALK_GROW(w, array, capacity, count): room for one more, or return. */
#define VOUCH_WALK_GROW(w, array, capacity, count)                                             \
    do {                                                                                       \
        void *grown_ = vouch_walk_grow((w), (array), &(capacity), (count), sizeof *(array));   \
        if (!grown_)                                                                           \
            return VOUCH_ERR_MEMORY;                                                           \
        (array) = grown_;                                                                      \
    } while (0)

#endif
