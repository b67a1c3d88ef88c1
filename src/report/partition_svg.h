/* A picture of an input partition: the boxes of a search, projected on two input dimensions.
 *
 * The recorder is a proof sink (verify/sink.h): give vouch_partition_sink to vouch_verify, then
 * write the picture. Proved boxes are green, the darker the deeper; what clipping cut off is
 * proved too, in a green of its own; boxes given up or never taken up are hatched; the box of a
 * counterexample is red and its point marked. Where more than two dimensions vary the boxes
 * overlap in the projection: the deepest green is on top, and hatching and red lie over any
 * green, so that nothing looks proved that is not.
 */
#ifndef VOUCH_REPORT_PARTITION_SVG_H
#define VOUCH_REPORT_PARTITION_SVG_H

#include "verify/sink.h"

typedef struct vouch_partition vouch_partition;

typedef struct vouch_partition_picture {
    const char *title;     /* e.g. "far_is_clear: HOLDS" */
    const char *subtitle;  /* e.g. "collision.onnx, 1,234 boxes, 0.12 s"; NULL = none */
    const char *label[2];  /* "distance (m)"; NULL = "input I" */
    const double *witness; /* the whole input point; NULL = none */
    /* what the axes span: the property's boxes in the two dimensions; all 0 = the recorded boxes.
     * If none was recorded this is hatched. */
    double low[2], high[2];
} vouch_partition_picture;

/* Records the projection on the input dimensions x and y (x != y, both < input_size). NULL with
 * the error on ctx otherwise. */
vouch_partition *vouch_partition_new(vouch_context *ctx, int64_t input_size, int64_t x,
                                     int64_t y);
void vouch_partition_free(vouch_partition *partition);

/* Safe to be called from several workers at once. Lives as long as the recorder. */
const vouch_sink *vouch_partition_sink(vouch_partition *partition);

/* Writes the SVG file; errors go to ctx. Only when no worker uses the sink any more. */
vouch_status vouch_partition_write(vouch_context *ctx, const vouch_partition *partition,
                                   const vouch_partition_picture *picture, const char *path);

/* The two widest dimensions of a box, ascending: what to draw where nobody chose. Ties go to
 * the lower index; -1 where there is no second. */
void vouch_partition_widest(int64_t input_size, const double *low, const double *high,
                            int64_t dims[2]);

#endif
