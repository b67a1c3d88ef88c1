/* Sets whose samples are files of pictures: all have the size of the first, and its channels. */
#ifndef VOUCH_DATA_PICTURES_H
#define VOUCH_DATA_PICTURES_H

#include "data/format.h"
#include "io/picture.h"

/* Shape, size and scaling of the set, whose pictures are like this one. */
void vouch_pictures_shape(vouch_data_stream *stream, const vouch_picture *first);
/* The picture of a file as features, channels first, in [0,1]; it must have the first one's size,
 * and gets its channels. */
vouch_status vouch_pictures_take(const vouch_picture *first, vouch_arena *scratch,
                                 const char *path, float *x);

#endif
