/* Status codes: what every vouch function that can fail returns.
 *
 * A status says which kind of thing went wrong; the context (vouch/context.h) holds the text:
 * what, in which file, at which line or byte. Zero is success. A status is never a verdict:
 * "unknown" is an answer, not an error.
 */
#ifndef VOUCH_STATUS_H
#define VOUCH_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vouch_status {
    VOUCH_OK = 0,
    VOUCH_ERR_MEMORY,      /* an allocation failed */
    VOUCH_ERR_IO,          /* a file could not be opened, read or written */
    VOUCH_ERR_PARSE,       /* the text or bytes do not follow their format */
    VOUCH_ERR_UNSUPPORTED, /* well formed, but outside what vouch handles */
    VOUCH_ERR_SHAPE,       /* shapes, types or sizes do not fit together */
    VOUCH_ERR_VALUE,       /* a value is out of range: NaN weight, negative size ... */
    VOUCH_ERR_ARGUMENT,    /* the caller's mistake: unknown option, bad setting */
    VOUCH_ERR_LIMIT,       /* a size or depth limit was passed (bombs, runaway nesting) */
    VOUCH_ERR_CANCELLED,   /* the caller asked to stop */
    VOUCH_ERR_INTERNAL     /* an invariant is broken: a defect of vouch */
} vouch_status;

/* A short English name of the status ("out of memory"), never NULL. */
const char *vouch_status_name(vouch_status status);

#ifdef __cplusplus
}
#endif

#endif
