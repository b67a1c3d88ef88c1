/* Data sets: samples with labels, in memory or streamed from files.
 *
 * A data set is named by one text, a *place*, wherever the command or the library takes one:
 *
 *     train-images-idx3-ubyte.gz                  a file; its format is found out
 *     adult.csv?target=income&missing=drop        with settings (vouch list data)
 *     builtin:glyphs16?count=2000&seed=1          made by code of ours, on any machine
 *
 * What is inside is float32, row after row: pixels in [0,1], bytes being float32(v) / 255; of a
 * table the columns' own numbers and, for each category, one feature per value (spec/schema.h).
 * A label is the index of a class, or -1 where there is none.
 *
 *     vouch_data *set;
 *     VOUCH_TRY(vouch_data_load(ctx, "builtin:glyphs16?count=100", &set));
 *     for (int64_t i = 0; i < set->info.count; i++)
 *         use(vouch_data_x(set, i), set->label[i]);
 *     vouch_data_free(set);
 *
 * Everything is a stream first: what is larger than memory is read batch by batch, and a set in
 * memory is a stream read to its end. The same place always gives the same numbers.
 */
#ifndef VOUCH_DATA_DATA_H
#define VOUCH_DATA_DATA_H

#include "spec/schema.h"
#include "tensor/tensor.h"

typedef struct vouch_data_info {
    const char *place;             /* as it was given */
    const char *format;            /* "idx", "csv" ... */
    vouch_shape shape;             /* of one sample: 1x28x28, or [features] */
    int64_t size;                  /* numbers of one sample */
    int64_t count;                 /* samples; -1: not known before the end */
    int classes;                   /* 0: no labels */
    const char *const *class_name; /* [classes] */
    const char *class_order;       /* where their order comes from; NULL: the format has it */
    const vouch_feature *feature;  /* [size]: valid range, group, whether it may change */
    const vouch_schema *schema;    /* of a table; else NULL */
    vouch_scaling scaling;         /* what became of the file's numbers */
} vouch_data_info;

/* ---- in memory ---------------------------------------------------------------------------- */

typedef struct vouch_data {
    vouch_data_info info;
    float *x;       /* [count][size] */
    int32_t *label; /* [count] */
    vouch_context *ctx;
    vouch_arena *arena; /* of the info */
} vouch_data;

vouch_status vouch_data_load(vouch_context *ctx, const char *place, vouch_data **set);
void vouch_data_free(vouch_data *set);

/* Of the numbers of all samples and of their labels, in lower-case hex; it does not depend on the
 * place or its format. */
void vouch_data_sha256(const vouch_data *set, char text[65]);

/* Features of samples i, i+1, ... one after the other. */
static inline const float *vouch_data_x(const vouch_data *set, int64_t i)
{
    return set->x + i * set->info.size;
}

/* A new set of the samples named, in that order. Its names and features are the old one's: free
 * it before that. */
vouch_status vouch_data_select(const vouch_data *set, const int64_t *index, int64_t count,
                               vouch_data **out);

/* Makes each number the share of its feature's valid range, in place. VOUCH_ERR_VALUE where a
 * range is not known. */
vouch_status vouch_data_to_shares(vouch_data *set);

/* ---- streams ------------------------------------------------------------------------------ */

typedef struct vouch_data_stream vouch_data_stream;

vouch_status vouch_data_open(vouch_context *ctx, const char *place, vouch_data_stream **stream);
const vouch_data_info *vouch_data_stream_info(const vouch_data_stream *stream);
/* Up to n samples into x [n][size] and label [n]; *got 0 at the end alone. */
vouch_status vouch_data_next(vouch_data_stream *stream, int64_t n, float *x, int32_t *label,
                             int64_t *got);
vouch_status vouch_data_rewind(vouch_data_stream *stream);
void vouch_data_close(vouch_data_stream *stream); /* NULL is fine */

#endif
