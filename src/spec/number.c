/* Interned exact numbers. See number.h. */
#include "spec/number.h"

#include <stdint.h>
#include <string.h>

enum { PIECE = 1 << 14 }; /* numbers are carved from pieces: arena blocks are cache lines */

unsigned long long vouch_spec_hash(unsigned long long seed, const void *data, size_t size)
{
    const unsigned char *byte = data;
    unsigned long long h = seed ^ 0xcbf29ce484222325ULL, word;

    for (; size >= sizeof word; size -= sizeof word, byte += sizeof word) {
        memcpy(&word, byte, sizeof word);
        h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
        h ^= h >> 32;
    }
    for (size_t i = 0; i < size; i++)
        h = (h ^ byte[i]) * 0x100000001b3ULL;
    return h ^ (h >> 29);
}

void vouch_number_pool_init(vouch_number_pool *pool, vouch_context *ctx, vouch_arena *arena)
{
    *pool = (vouch_number_pool){.ctx = ctx, .arena = arena};
}

void vouch_number_pool_fini(vouch_number_pool *pool)
{
    vouch_release(pool->ctx, pool->slot);
    vouch_release(pool->ctx, pool->word);
    pool->slot = NULL;
    pool->word = NULL;
}

/* ---- memory -------------------------------------------------------------------------- */

static void *carve(vouch_number_pool *pool, size_t size)
{
    void *memory;

    size = (size + 15) & ~(size_t)15;
    if (size > pool->store_left) {
        size_t piece = size > PIECE ? size : PIECE;

        pool->store = vouch_arena_alloc(pool->arena, piece);
        pool->store_left = pool->store ? piece : 0;
        if (!pool->store)
            return NULL;
    }
    memory = pool->store;
    pool->store += size;
    pool->store_left -= size;
    return memory;
}

/* A read-only copy of z whose limbs live in the arena. */
static bool freeze(vouch_number_pool *pool, mpz_srcptr z, mpz_ptr copy)
{
    size_t limbs = mpz_size(z);
    mp_limb_t *limb = carve(pool, (limbs ? limbs : 1) * sizeof *limb);

    if (!limb)
        return false;
    if (limbs)
        memcpy(limb, mpz_limbs_read(z), limbs * sizeof *limb);
    (void)mpz_roinit_n(copy, limb, mpz_sgn(z) < 0 ? -(mp_size_t)limbs : (mp_size_t)limbs);
    return true;
}

/* ---- by value ------------------------------------------------------------------------ */

static unsigned long long hash_integer(unsigned long long seed, mpz_srcptr z)
{
    int sign = mpz_sgn(z);

    seed = vouch_spec_hash(seed, &sign, sizeof sign);
    return sign ? vouch_spec_hash(seed, mpz_limbs_read(z), mpz_size(z) * sizeof(mp_limb_t))
                : seed;
}

static unsigned long long hash_value(mpq_srcptr q)
{
    return hash_integer(hash_integer(VOUCH_SPEC_HASH_SEED, mpq_numref(q)), mpq_denref(q));
}

/* The slot that holds q or where it belongs. */
static size_t find_value(const vouch_number_pool *pool, mpq_srcptr q, unsigned long long hash)
{
    size_t i = hash & (pool->slot_count - 1);

    while (pool->slot[i] &&
           (pool->slot[i]->hash != hash || !mpq_equal(&pool->slot[i]->exact, q)))
        i = (i + 1) & (pool->slot_count - 1);
    return i;
}

static vouch_status grow_values(vouch_number_pool *pool)
{
    size_t old_count = pool->slot_count, count;
    const vouch_number **old = pool->slot, **slot;

    if (2 * (pool->used + 1) <= old_count)
        return VOUCH_OK;
    count = old_count ? 2 * old_count : 64;
    slot = vouch_alloc(pool->ctx, count * sizeof(void *));
    if (!slot)
        return VOUCH_ERR_MEMORY;
    pool->slot = slot;
    pool->slot_count = count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i])
            slot[find_value(pool, &old[i]->exact, old[i]->hash)] = old[i];
    vouch_release(pool->ctx, old);
    return VOUCH_OK;
}

static vouch_number *make_number(vouch_number_pool *pool, mpq_srcptr q, unsigned long long hash)
{
    vouch_number *number = carve(pool, sizeof *number);

    if (!number || !freeze(pool, mpq_numref(q), mpq_numref(&number->exact)) ||
        !freeze(pool, mpq_denref(q), mpq_denref(&number->exact)))
        return NULL;
    vouch_rational_bracket(q, &number->down, &number->up);
    number->hash = hash;
    return number;
}

vouch_status vouch_number_intern(vouch_number_pool *pool, mpq_srcptr q,
                                 const vouch_number **number)
{
    unsigned long long hash = hash_value(q);
    size_t i;

    *number = NULL;
    VOUCH_TRY(grow_values(pool));
    i = find_value(pool, q, hash);
    if (!pool->slot[i]) {
        pool->slot[i] = make_number(pool, q, hash);
        if (!pool->slot[i])
            return VOUCH_ERR_MEMORY;
        pool->used++;
    }
    *number = pool->slot[i];
    return VOUCH_OK;
}

int vouch_number_compare(const vouch_number *a, const vouch_number *b)
{
    if (a == b)
        return 0;
    /* down is monotone, so different neighbours decide */
    if (a->down != b->down)
        return a->down < b->down ? -1 : 1;
    return mpq_cmp(&a->exact, &b->exact);
}

/* ---- by spelling --------------------------------------------------------------------- */

static size_t find_word(const vouch_number_pool *pool, const char *text, size_t length)
{
    size_t mask = pool->word_count - 1;
    size_t i = vouch_spec_hash(VOUCH_SPEC_HASH_SEED, text, length) & mask;

    while (pool->word[i].number &&
           (pool->word[i].length != length || memcmp(pool->word[i].text, text, length) != 0))
        i = (i + 1) & mask;
    return i;
}

static vouch_status grow_words(vouch_number_pool *pool)
{
    size_t old_count = pool->word_count;
    vouch_number_text *old = pool->word, *word;

    if (2 * (pool->word_used + 1) <= old_count)
        return VOUCH_OK;
    word = vouch_alloc(pool->ctx, (old_count ? 2 * old_count : 64) * sizeof *word);
    if (!word)
        return VOUCH_ERR_MEMORY;
    pool->word = word;
    pool->word_count = old_count ? 2 * old_count : 64;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].number)
            word[find_word(pool, old[i].text, old[i].length)] = old[i];
    vouch_release(pool->ctx, old);
    return VOUCH_OK;
}

/* Reads and interns a spelling that is not in the table. */
static vouch_status read_new(vouch_number_pool *pool, const char *text, size_t length,
                             const vouch_number **number, vouch_decimal_fault *fault)
{
    vouch_status status = VOUCH_ERR_PARSE;
    mpq_t q;

    mpq_init(q);
    *fault = vouch_decimal_parse(text, length, q);
    if (*fault == VOUCH_DECIMAL_OK)
        status = vouch_number_intern(pool, q, number);
    mpq_clear(q);
    return status;
}

vouch_status vouch_number_read(vouch_number_pool *pool, const char *text, size_t length,
                               const vouch_number **number, vouch_decimal_fault *fault)
{
    size_t i;

    *number = NULL;
    *fault = VOUCH_DECIMAL_OK;
    VOUCH_TRY(grow_words(pool));
    i = find_word(pool, text, length);
    if (!pool->word[i].number) {
        const vouch_number *made;

        VOUCH_TRY(read_new(pool, text, length, &made, fault));
        pool->word[i] = (vouch_number_text){text, length, made};
        pool->word_used++;
    }
    *number = pool->word[i].number;
    return VOUCH_OK;
}
