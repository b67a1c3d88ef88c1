/* Patches: windows of images.
 *
 * An image is a value of shape [1][channels][spatial...] with one to three spatial dimensions; a
 * patch of it are the positions low <= p < high of all its channels. As data it is compact,
 * [channels][high - low...]. Images of fewer dimensions are seen as having leading dimensions of
 * size 1.
 *
 * An output of a convolution depends on a patch of its input only; what is computed backwards
 * from few outputs need not carry the zeros around it (bounds/dag_patch.c).
 */
#ifndef VOUCH_OP_PATCH_H
#define VOUCH_OP_PATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "tensor/tensor.h"

enum { VOUCH_PATCH_DIMS = 3 };

typedef struct vouch_patch {
    int64_t channels; /* 0: not a patch, the whole value */
    int64_t low[VOUCH_PATCH_DIMS], high[VOUCH_PATCH_DIMS];
} vouch_patch;

/* The patch that is the whole image. False: the shape is no image's. */
bool vouch_patch_whole(const vouch_shape *shape, vouch_patch *p);
int64_t vouch_patch_positions(const vouch_patch *p);
static inline int64_t vouch_patch_count(const vouch_patch *p)
{
    return p->channels * vouch_patch_positions(p);
}
bool vouch_patch_equal(const vouch_patch *a, const vouch_patch *b);
/* a becomes the least patch that covers both. */
void vouch_patch_cover(vouch_patch *a, const vouch_patch *b);
/* Copies the elements, `size` bytes each, that both patches of one image have; the others of
 * `out` stay as they are. */
void vouch_patch_copy(const vouch_patch *from, const void *in, const vouch_patch *to, void *out,
                      size_t size);
/* The position of element i of the patch. */
vouch_patch vouch_patch_at(const vouch_patch *p, int64_t i);
/* Where element i of patch `from` stands in another of the image; -1: not there. */
int64_t vouch_patch_index(const vouch_patch *from, int64_t i, const vouch_patch *to);

#endif
