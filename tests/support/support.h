/* What tests share: memory that can fail, files, random doubles.
 *
 * A fault test in full:
 *
 *     static vouch_status load(vouch_context *ctx, void *user) { ... return status; }
 *     static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
 *     {
 *         vouch_test_every_allocation_fails(load, "file");
 *     }
 */
#ifndef VOUCH_TESTS_SUPPORT_H
#define VOUCH_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* wants the four above first */

#include "base/arena.h"
#include "base/random.h"

#define VOUCH_TEST_COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- memory ---------------------------------------------------------------------------- */

/* An allocator that counts and can fail. Zeroed: counts only. */
typedef struct vouch_test_memory {
    atomic_long requests; /* allocations and growths asked for so far */
    atomic_long live;     /* blocks not freed yet */
    atomic_long bytes;    /* in live blocks */
    atomic_long peak;     /* the most bytes at a time */
    long fail_at;         /* this request fails, counted from 1; 0: none */
    bool fail_on;         /* and all after it */
} vouch_test_memory;

vouch_allocator vouch_test_allocator(vouch_test_memory *memory);

/* A context on the C library's memory. The test fails where there is none. */
vouch_context *vouch_test_context(void);

typedef vouch_status vouch_test_fn(vouch_context *ctx, void *user);

/* Calls fn on a fresh context again and again, its k-th allocation failing, for k = 1, 2, ...
 * until it needs fewer: first with that allocation alone failing, then with all from it on.
 * Each time fn must return VOUCH_ERR_MEMORY with a text on the context and leave no block; in
 * the end it must succeed. fn frees what it made, also when it succeeds. */
void vouch_test_every_allocation_fails(vouch_test_fn *fn, void *user);
/* The same for long functions: about `tries` of the allocations, the first ones densest. */
void vouch_test_some_allocations_fail(vouch_test_fn *fn, void *user, long tries);

/* ---- expectations ---------------------------------------------------------------------- */

/* The status is OK; otherwise fails with the context's text. */
void vouch_test_ok(const vouch_context *ctx, vouch_status status);
/* The status is the expected one, it is on the context and its text contains `text`; then
 * clears it. */
void vouch_test_fails(vouch_context *ctx, vouch_status status, vouch_status expected,
                      const char *text);

/* ---- files ----------------------------------------------------------------------------- */

enum { VOUCH_TEST_PATH = 4096 };

/* Path of a file of the large test data (environment VOUCH_SHARED_DATA) into path. Skips the
 * test with a message where the data is not there. */
void vouch_test_data(const char *name, char path[VOUCH_TEST_PATH]);
/* Path of a file of the source tree (environment VOUCH_SOURCE_DIR, or the working folder). */
void vouch_test_source(const char *name, char path[VOUCH_TEST_PATH]);
/* Makes a fresh folder; the test removes it in the end. */
void vouch_test_temp_dir(char path[VOUCH_TEST_PATH]);
void vouch_test_remove_dir(const char *path);
/* folder/name into path */
void vouch_test_join(const char *folder, const char *name, char path[VOUCH_TEST_PATH]);
void vouch_test_write(const char *path, const void *data, size_t size);

/* ---- numbers --------------------------------------------------------------------------- */

/* A finite double of random bits: any sign and exponent, subnormals and zeros among them. */
double vouch_test_double(vouch_random *r);
/* Mostly a double of magnitude near 1, sometimes any. */
double vouch_test_near_one(vouch_random *r);
/* Floats uniform in -1 .. 1. */
float *vouch_test_reals(vouch_arena *arena, vouch_random *r, int64_t count);

#endif
