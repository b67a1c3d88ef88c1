/* Images and masks as PNG (formal_svg.h): pixels of the image become squares of whole pixels. */
#include <string.h>

#include "report/formal_svg.h"

enum { SIDE = 168, GAP = 6, HATCH = 4 };

typedef struct canvas {
    const vouch_formal_picture *p;
    vouch_picture out;
    int64_t scale; /* pixels of a square's side */
} canvas;

static const unsigned char fill[VOUCH_FORMAL_CLASSES][3] = {
    {0xf6, 0xe7, 0xb0}, {0xdc, 0xe9, 0xf5}, {0xa1, 0x20, 0x1b}};
static const unsigned char line_colour[3] = {0x7a, 0x6a, 0x1f}; /* of the hatching */

static void put(const canvas *c, int64_t x, int64_t y, const unsigned char *colour)
{
    memcpy(c->out.pixel + (y * c->out.width + x) * 3, colour, 3);
}

/* The square of the image's pixel, whose panel begins at (left, top). */
static void put_square(const canvas *c, const int64_t at[2], int64_t pixel,
                       const unsigned char *colour, bool hatched)
{
    const int64_t x = at[0] + pixel % c->p->image.width * c->scale;
    const int64_t y = at[1] + pixel / c->p->image.width * c->scale;
    for (int64_t i = 0; i < c->scale * c->scale; i++) {
        const int64_t px = x + i % c->scale, py = y + i / c->scale;
        const bool on_line = hatched && (px + py) % HATCH == 0;
        put(c, px, py, on_line ? line_colour : colour);
    }
}

static void put_row(const canvas *c, const vouch_formal_row *row, int64_t top)
{
    const vouch_formal_picture *p = c->p;
    const int64_t step = GAP + p->image.width * c->scale;
    for (int64_t i = 0; i < p->image.height * p->image.width; i++) {
        int shade[3];
        vouch_formal_pixel_colour(p, row->x, i, shade);
        const unsigned char colour[] = {(unsigned char)shade[0], (unsigned char)shade[1],
                                        (unsigned char)shade[2]};
        put_square(c, (int64_t[]){GAP, top}, i, colour, false);
        for (int64_t m = 0; m < p->masks; m++) {
            const vouch_formal_class class = vouch_formal_pixel_class(p, &row->mask[m], i);
            put_square(c, (int64_t[]){GAP + (m + 1) * step, top}, i, fill[class],
                       class == VOUCH_FORMAL_UNKNOWN);
        }
    }
}

vouch_status vouch_formal_png(vouch_context *ctx, const vouch_formal_picture *p,
                              vouch_pack *pack)
{
    const int64_t longest = p->image.width > p->image.height ? p->image.width : p->image.height;
    canvas c = {.p = p, .scale = SIDE / longest > 1 ? SIDE / longest : 1};
    const int64_t width = GAP + (1 + p->masks) * (GAP + p->image.width * c.scale);
    const int64_t height = GAP + p->count * (GAP + p->image.height * c.scale);
    if (width * height > VOUCH_PIXELS_MAX)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "the picture would have over %d pixels",
                          VOUCH_PIXELS_MAX);
    vouch_arena *scratch = vouch_arena_new(ctx);
    c.out = (vouch_picture){.width = (int)width, .height = (int)height, .channels = 3};
    c.out.pixel = scratch ? VOUCH_NEW_ARRAY(scratch, unsigned char, 3 * width * height) : NULL;
    vouch_status status = c.out.pixel ? VOUCH_OK : VOUCH_ERR_MEMORY;
    if (status == VOUCH_OK) {
        memset(c.out.pixel, 0xff, (size_t)(3 * width * height));
        for (int64_t k = 0; k < p->count; k++)
            put_row(&c, &p->row[k], GAP + k * (GAP + p->image.height * c.scale));
        status = vouch_png_pack(pack, &c.out);
    }
    vouch_arena_free(scratch);
    return status;
}
