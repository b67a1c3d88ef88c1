/* Sets of features as bits, 64 to a word. */
#ifndef VOUCH_EXPLAIN_SETS_H
#define VOUCH_EXPLAIN_SETS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { VOUCH_SET_WORD = 64 };

static inline int64_t vouch_set_words(int64_t features)
{
    return (features + VOUCH_SET_WORD - 1) / VOUCH_SET_WORD;
}

static inline bool vouch_set_has(const uint64_t *set, int64_t f)
{
    return set[f / VOUCH_SET_WORD] >> (f % VOUCH_SET_WORD) & 1;
}

static inline void vouch_set_add(uint64_t *set, int64_t f)
{
    set[f / VOUCH_SET_WORD] |= UINT64_C(1) << (f % VOUCH_SET_WORD);
}

static inline void vouch_set_drop(uint64_t *set, int64_t f)
{
    set[f / VOUCH_SET_WORD] &= ~(UINT64_C(1) << (f % VOUCH_SET_WORD));
}

static inline void vouch_set_copy(int64_t words, uint64_t *to, const uint64_t *from)
{
    memcpy(to, from, (size_t)words * sizeof *to);
}

static inline int64_t vouch_set_size(int64_t words, const uint64_t *set)
{
    int64_t size = 0;
    for (int64_t w = 0; w < words; w++)
        for (uint64_t left = set[w]; left != 0; left &= left - 1)
            size++;
    return size;
}

/* Is a a part of b? */
static inline bool vouch_set_within(int64_t words, const uint64_t *a, const uint64_t *b)
{
    for (int64_t w = 0; w < words; w++)
        if (a[w] & ~b[w])
            return false;
    return true;
}

static inline bool vouch_set_meets(int64_t words, const uint64_t *a, const uint64_t *b)
{
    for (int64_t w = 0; w < words; w++)
        if (a[w] & b[w])
            return true;
    return false;
}

/* to <- a without b */
static inline void vouch_set_minus(int64_t words, uint64_t *to, const uint64_t *a,
                                   const uint64_t *b)
{
    for (int64_t w = 0; w < words; w++)
        to[w] = a[w] & ~b[w];
}

#endif
