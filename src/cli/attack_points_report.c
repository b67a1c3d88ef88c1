/* What `vouch attack` and `vouch eval` say of their points: the valid range, classes by name. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/attack_points.h"
#include "cli/text.h"

/* ---- the valid range ----------------------------------------------------------------------- */

static bool is_uniform(const vouch_cli_points *p)
{
    for (int64_t i = 1; i < p->size; i++)
        if (p->low[i] != p->low[0] || p->high[i] != p->high[0])
            return false;
    return true;
}

static vouch_cli_number shortest(float x)
{
    vouch_cli_number out;
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(out.text, sizeof out.text, "%.*g", digits, (double)x);
        if (strtof(out.text, NULL) == x)
            break;
    }
    return vouch_cli_real(strtod(out.text, NULL));
}

void vouch_cli_points_text(FILE *out, const vouch_cli_points *p)
{
    const char *from = strcmp(p->range_from, "data") == 0 ? "as the data says" : "by --range";
    if (!p->is_ranged)
        fprintf(out, "range      not known: numbers may be anything (--range LOW,HIGH)\n");
    else if (is_uniform(p))
        fprintf(out, "range      %s to %s, %s\n", shortest(p->low[0]).text,
                shortest(p->high[0]).text, from);
    else
        fprintf(out, "range      of each number its own, %s\n", from);
    if (p->outside > 0)
        fprintf(out, "outside    %s of %s points lie outside this range: no valid inputs\n",
                vouch_cli_count((uint64_t)p->outside).text,
                vouch_cli_count((uint64_t)p->count).text);
}

void vouch_cli_points_json(vouch_context *ctx, json_t *root, const vouch_cli_points *p)
{
    const bool is_one = p->is_ranged && is_uniform(p);
    (void)vouch_json_add_int(ctx, root, "from", p->from);
    json_t *range = vouch_json_object_in(ctx, root, "range");
    (void)vouch_json_add_text(ctx, range, "from", p->range_from);
    (void)vouch_json_add_real(ctx, range, "low", is_one ? (double)p->low[0] : (double)NAN);
    (void)vouch_json_add_real(ctx, range, "high", is_one ? (double)p->high[0] : (double)NAN);
    (void)vouch_json_add_int(ctx, range, "outside", p->outside);
    json_t *image = vouch_json_array_in(ctx, root, "image");
    (void)vouch_json_add_int(ctx, image, NULL, p->image.channels);
    (void)vouch_json_add_int(ctx, image, NULL, p->image.height);
    (void)vouch_json_add_int(ctx, image, NULL, p->image.width);
    (void)vouch_json_add_flag(ctx, root, "relative", p->is_table && p->rules.relative);
}

const char *vouch_cli_points_unit(const vouch_cli_points *p)
{
    return p->is_table && p->rules.relative ? " of each column's range" : "";
}

/* ---- classes ------------------------------------------------------------------------------- */

vouch_cli_class vouch_cli_class_name(const vouch_cli_points *p, int64_t k)
{
    const vouch_data_info *info = p->stream ? vouch_data_stream_info(p->stream) : NULL;
    vouch_cli_class out;
    if (info && k < info->classes && info->class_name && info->class_name[k])
        (void)snprintf(out.text, sizeof out.text, "%s", info->class_name[k]);
    else
        (void)snprintf(out.text, sizeof out.text, "%" PRId64, k);
    return out;
}

int vouch_cli_class_width(const vouch_cli_points *p, int64_t classes)
{
    int width = 10;
    for (int64_t k = 0; k < classes; k++) {
        const int length = (int)strlen(vouch_cli_class_name(p, k).text);
        width = length > width ? length : width;
    }
    return width;
}
