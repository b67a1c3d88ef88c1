/* Boxes before ReLUs (cut.h), as the tape of boxes keeps them. */
#include "grad/cut.h"

#include "grad/box_priv.h"

int vouch_box_cut_count(const vouch_box_tape *t)
{
    int count = 0;
    for (int i = 0; i < t->net->layer_count; i++)
        count += t->net->layer[i].relu;
    return count;
}

/* The value that ReLU i gives. */
static int value_of(const vouch_box_tape *t, int i)
{
    int l = 0;
    while (!t->net->layer[l].relu || i-- > 0)
        l++;
    return t->net->layer[l].give;
}

static int64_t units_of(const net_value *v) { return v->real[0] * v->real[1] * v->real[2]; }

int64_t vouch_box_cut_units(const vouch_box_tape *t, int i)
{
    return units_of(&t->net->value[value_of(t, i)]);
}

void vouch_box_cut_each(const vouch_box_tape *t, int i, vouch_cut_visit *visit, void *user)
{
    const int v = value_of(t, i);
    const net_value *value = &t->net->value[v];
    const net_image *image = &value->image;
    const box_kept *k = &t->kept[v];
    const int64_t units = units_of(value) / (image->h * image->w);
    for (int64_t s = 0; s < t->centre->count; s++)
        for (int64_t y = 0; y < image->h; y++) {
            const int64_t at = s * image->stride + net_at(image, y, 0);
            visit(user, &(vouch_cut_line){.pixels = image->w,
                                          .units = units,
                                          .step = image->c,
                                          .centre = k->centre + at,
                                          .radius = k->radius + at,
                                          .d_centre = k->d_centre + at,
                                          .d_radius = k->d_radius + at});
        }
}

double vouch_box_mean_radius(const vouch_box_tape *t)
{
    const net_image *image = &t->net->value[0].image;
    double sum = 0;
    for (int64_t s = 0; s < t->radius->count; s++)
        for (int64_t i = 0; i < image->stride; i++) /* borders and filling are 0 */
            sum += (double)net_value_at(t->radius, 0, s)[i];
    return sum / (double)(t->radius->count * t->net->inputs);
}
