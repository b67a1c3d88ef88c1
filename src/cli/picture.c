/* --picture: the partition of the input space, drawn in two of its dimensions. */
#include "cli/picture.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

/* "I,J" into two different dimensions of the input. */
static bool parse_dims(const char *text, int64_t inputs, int64_t dims[2])
{
    char *end = NULL;
    errno = 0;
    dims[0] = strtoll(text, &end, 10);
    if (end == text || *end != ',')
        return false;
    const char *second = end + 1;
    dims[1] = strtoll(second, &end, 10);
    const bool read = end != second && *end == '\0' && errno == 0;
    return read && dims[0] != dims[1] && dims[0] >= 0 && dims[1] >= 0 && dims[0] < inputs &&
           dims[1] < inputs;
}

static vouch_status choose_dims(vouch_context *ctx, const char *text,
                                const vouch_cli_report *report, int64_t dims[2])
{
    const int64_t inputs = report->network.inputs;
    const vouch_spec *spec = report->property.spec;
    if (text != NULL) {
        if (parse_dims(text, inputs, dims))
            return VOUCH_OK;
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "--picture-dims %s: expected I,J, two different inputs from 0 to "
                          "%" PRId64,
                          text, inputs - 1);
    }
    dims[0] = dims[1] = -1;
    if (spec->box_count > 0)
        vouch_partition_widest(inputs, spec->box[0].low, spec->box[0].high, dims);
    if (dims[0] < 0 || dims[1] < 0)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "--picture: the property leaves fewer than two inputs to draw");
    return VOUCH_OK;
}

vouch_status vouch_cli_picture_start(vouch_context *ctx, const char *dims,
                                     const vouch_cli_report *report, vouch_cli_picture *picture)
{
    if (!vouch_cli_output_wanted(&picture->file))
        return VOUCH_OK;
    VOUCH_TRY(choose_dims(ctx, dims, report, picture->dims));
    picture->partition =
        vouch_partition_new(ctx, report->network.inputs, picture->dims[0], picture->dims[1]);
    return picture->partition != NULL ? VOUCH_OK : vouch_context_status(ctx);
}

const vouch_sink *vouch_cli_picture_sink(vouch_cli_picture *picture)
{
    return picture->partition != NULL ? vouch_partition_sink(picture->partition) : NULL;
}

/* What the axes span: the hull of the property's boxes in the two dimensions. */
static void set_span(const vouch_spec *spec, const int64_t dims[2],
                     vouch_partition_picture *what)
{
    bool any = false;
    for (int b = 0; b < spec->box_count; b++) {
        const vouch_box *box = &spec->box[b];
        if (box->empty)
            continue;
        for (int i = 0; i < 2; i++) {
            const double low = box->low[dims[i]], high = box->high[dims[i]];
            what->low[i] = any ? fmin(what->low[i], low) : low;
            what->high[i] = any ? fmax(what->high[i], high) : high;
        }
        any = true;
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

vouch_status vouch_cli_picture_write(vouch_context *ctx, const vouch_cli_report *report,
                                     vouch_cli_picture *picture)
{
    char title[256], subtitle[256], label[2][32];
    const vouch_verify_result *r = &report->result;
    if (picture->partition == NULL)
        return VOUCH_OK;
    snprintf(title, sizeof title, "%s: %s", base_name(report->property.path),
             vouch_cli_meaning(r->verdict));
    snprintf(subtitle, sizeof subtitle, "%s, %s subproblems, %s",
             base_name(report->network.path), vouch_cli_count(r->subproblems).text,
             vouch_cli_seconds(report->seconds).text);
    for (int i = 0; i < 2; i++)
        snprintf(label[i], sizeof label[i], "X_%" PRId64, picture->dims[i]);
    vouch_partition_picture what = {.title = title,
                                    .subtitle = subtitle,
                                    .label = {label[0], label[1]},
                                    .witness =
                                        r->verdict == VOUCH_SAT ? r->witness_input : NULL};
    set_span(report->property.spec, picture->dims, &what);
    const char *path = picture->file.path;
    vouch_cli_output_discard(&picture->file);
    return vouch_partition_write(ctx, picture->partition, &what, path);
}

void vouch_cli_picture_free(vouch_cli_picture *picture)
{
    vouch_cli_output_discard(&picture->file);
    if (picture->partition != NULL)
        vouch_partition_free(picture->partition);
    picture->partition = NULL;
}
