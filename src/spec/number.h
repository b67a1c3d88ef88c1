/* Interned exact numbers: equal values are the same object.
 *
 * A property repeats its constants (0.0 and 1.0 make up most of many files), and boxes are
 * compared for equality when cases share them. So every value is stored once: two numbers are
 * equal exactly when their addresses are, and a box is compared by its pointers.
 *
 * The limbs live in the arena of the specification and are only read; GMP's own memory is used
 * for temporaries alone, so nothing is left behind when a parse fails.
 */
#ifndef VOUCH_SPEC_NUMBER_H
#define VOUCH_SPEC_NUMBER_H

#include <gmp.h>

#include "base/arena.h"
#include "spec/rational.h"

typedef struct vouch_number {
    __mpq_struct exact; /* lowest terms, limbs in the arena: never to be written */
    double down, up;    /* neighbours: down <= exact <= up, infinite past the doubles */
    unsigned long long hash;
} vouch_number;

typedef struct vouch_number_text {
    const char *text; /* in the property's text */
    size_t length;
    const vouch_number *number;
} vouch_number_text;

typedef struct vouch_number_pool {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_number **slot; /* open addressing, by value */
    size_t slot_count, used;
    vouch_number_text *word; /* open addressing, by spelling */
    size_t word_count, word_used;
    unsigned char *store; /* rest of the current piece of arena memory */
    size_t store_left;
} vouch_number_pool;

void vouch_number_pool_init(vouch_number_pool *pool, vouch_context *ctx, vouch_arena *arena);
void vouch_number_pool_fini(vouch_number_pool *pool); /* the numbers stay, in the arena */

/* The number of that value. q is copied. */
vouch_status vouch_number_intern(vouch_number_pool *pool, mpq_srcptr q,
                                 const vouch_number **number);
/* The number a literal spells; text must outlive the pool. Where *fault is set the status is
 * VOUCH_ERR_PARSE and nothing is recorded on the context: the caller knows the place. */
vouch_status vouch_number_read(vouch_number_pool *pool, const char *text, size_t length,
                               const vouch_number **number, vouch_decimal_fault *fault);

/* Sign of a - b. */
int vouch_number_compare(const vouch_number *a, const vouch_number *b);

/* For the tables of this folder: FNV-1a with eight bytes at a time. */
unsigned long long vouch_spec_hash(unsigned long long seed, const void *data, size_t size);
enum { VOUCH_SPEC_HASH_SEED = 0x5bd1e995 };

#endif
