/* Quantisation as in JPEG: the cosine transform of blocks of 8 x 8, each coefficient rounded to
 * its step. Steps are those of Annex K for luminance, scaled by quality as the reference encoder
 * does; every channel is treated so, without change of colours. Blocks at the border repeat it.
 */
#include <math.h>

#include "data/corruption.h"

enum { SIDE = 8 };

/* ITU-T T.81, table K.1 */
static const unsigned char steps[SIDE][SIDE] = {
    {16, 11, 10, 16, 24, 40, 51, 61},     {12, 12, 14, 19, 26, 58, 60, 55},
    {14, 13, 16, 24, 40, 57, 69, 56},     {14, 17, 22, 29, 51, 87, 80, 62},
    {18, 22, 37, 56, 68, 109, 103, 77},   {24, 35, 55, 64, 81, 104, 113, 92},
    {49, 64, 78, 87, 103, 121, 120, 101}, {72, 92, 95, 98, 112, 100, 103, 99}};

typedef struct block {
    double at[SIDE][SIDE];
} block;

/* The orthonormal cosine transform: row k of the result is frequency k. */
static block cosines(void)
{
    block c;
    for (int k = 0; k < SIDE; k++)
        for (int i = 0; i < SIDE; i++)
            c.at[k][i] = (k ? .5 : sqrt(.125)) * cos((2 * i + 1) * k * acos(-1) / (2 * SIDE));
    return c;
}

/* left * x * right', each transposed where asked. */
static block turn(const block *c, const block *x, bool back)
{
    block half = {{{0}}}, all = {{{0}}};
    for (int k = 0; k < SIDE; k++)
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++)
                half.at[k][j] += (back ? c->at[i][k] : c->at[k][i]) * x->at[i][j];
    for (int k = 0; k < SIDE; k++)
        for (int l = 0; l < SIDE; l++)
            for (int j = 0; j < SIDE; j++)
                all.at[k][l] += half.at[k][j] * (back ? c->at[j][l] : c->at[l][j]);
    return all;
}

static void quantise(double quality, block *x)
{
    const double scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    for (int k = 0; k < SIDE; k++)
        for (int l = 0; l < SIDE; l++) {
            const double wanted = floor((steps[k][l] * scale + 50) / 100);
            const double step = fmin(255, fmax(1, wanted));
            x->at[k][l] = rint(x->at[k][l] / step) * step;
        }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* The block whose first pixel is (top, left) of channel c: bytes about their middle. */
static void compress(vouch_corruption_job *job, const block *c, int64_t channel, int64_t top,
                     int64_t left)
{
    float *plane = job->x + channel * job->height * job->width;
    const float low = job->info->feature[channel * job->height * job->width].low;
    const float range = vouch_corruption_range(job, channel * job->height * job->width);
    block x;
    for (int64_t i = 0; i < SIDE; i++)
        for (int64_t j = 0; j < SIDE; j++) {
            const int64_t row = least(top + i, job->height - 1);
            const int64_t column = least(left + j, job->width - 1);
            x.at[i][j] = (double)((plane[row * job->width + column] - low) / range) * 255 - 128;
        }
    x = turn(c, &x, false);
    quantise(job->level, &x);
    x = turn(c, &x, true);
    for (int64_t i = 0; i < least(SIDE, job->height - top); i++)
        for (int64_t j = 0; j < least(SIDE, job->width - left); j++)
            plane[(top + i) * job->width + left + j] =
                low + range * (float)(rint(x.at[i][j] + 128) / 255);
}

static void run(vouch_corruption_job *job)
{
    const block c = cosines();
    for (int64_t channel = 0; channel < job->channels; channel++)
        for (int64_t top = 0; top < job->height; top += SIDE)
            for (int64_t left = 0; left < job->width; left += SIDE)
                compress(job, &c, channel, top, left);
}

const vouch_corruption vouch_corruption_jpeg = {
    .name = "jpeg",
    .summary = "cosine coefficients of 8x8 blocks rounded; levels: quality",
    .citation = "ITU-T T.81; Hendrycks, Dietterich 2019",
    .level = {25, 18, 15, 10, 7},
    .run = run,
};
