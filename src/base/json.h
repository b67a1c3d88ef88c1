/* JSON out: a few calls on top of jansson, with errors as statuses.
 *
 * Values are made, added to their parent (which then owns them) and dumped as text at the end:
 *
 *     json_t *root;
 *     VOUCH_TRY(vouch_json_object(ctx, &root));
 *     s = vouch_json_add_text(ctx, root, "verdict", "unsat"); ...
 *     s = vouch_json_dump(ctx, root, &text, &size);
 *     json_decref(root);
 *
 * A failed add leaves its field out and is recorded on the context, so a long row of adds may
 * ignore their statuses and look at vouch_context_status once, before the dump.
 *
 * jansson takes its memory from the C library, not from the context.
 */
#ifndef VOUCH_BASE_JSON_H
#define VOUCH_BASE_JSON_H

#include <stdint.h>

#include <jansson.h>

#include "base/context.h"

vouch_status vouch_json_object(vouch_context *ctx, json_t **object);
vouch_status vouch_json_array(vouch_context *ctx, json_t **array);

/* Puts value into object under name, or at the end of array where name is NULL. Owns value from
 * now on, on failure too. value NULL is VOUCH_ERR_MEMORY: a constructor's failure. */
vouch_status vouch_json_add(vouch_context *ctx, json_t *parent, const char *name,
                            json_t *value);

/* A new object or array inside parent. NULL after a failure; adds to NULL are left out. */
json_t *vouch_json_object_in(vouch_context *ctx, json_t *parent, const char *name);
json_t *vouch_json_array_in(vouch_context *ctx, json_t *parent, const char *name);

/* NaN becomes null; infinities the texts "inf" and "-inf" (JSON has no number for them). */
vouch_status vouch_json_add_real(vouch_context *ctx, json_t *parent, const char *name,
                                 double x);
vouch_status vouch_json_add_int(vouch_context *ctx, json_t *parent, const char *name,
                                int64_t n);
/* Beyond int64 it becomes the nearest real. */
vouch_status vouch_json_add_count(vouch_context *ctx, json_t *parent, const char *name,
                                  uint64_t n);
vouch_status vouch_json_add_flag(vouch_context *ctx, json_t *parent, const char *name, bool is);
/* NULL becomes null; bytes that are not UTF-8 become '?'. */
vouch_status vouch_json_add_text(vouch_context *ctx, json_t *parent, const char *name,
                                 const char *text);
/* An array of reals; x NULL becomes null. */
vouch_status vouch_json_add_reals(vouch_context *ctx, json_t *parent, const char *name,
                                  const double *x, size_t count);

/* The document as text, indented, newline at the end, every double with the 17 digits that give
 * it back. *text is freed with vouch_release(ctx). */
vouch_status vouch_json_dump(vouch_context *ctx, const json_t *root, char **text, size_t *size);

#endif
