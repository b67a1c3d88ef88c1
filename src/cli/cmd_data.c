/* vouch data: looks at data sets, converts and splits them.
 *
 * `info` streams the set once, `convert` twice, so that they work for any size (convert to npz and
 * png, and `split`, read it into memory).
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/output.h"
#include "cli/text.h"
#include "data/split.h"
#include "data/write.h"

typedef struct data_cli {
    const char *json, *to, *schema, *shares;
    int64_t seed;
    bool stratified;
} data_cli;

static bool format_names(size_t index, const char **name)
{
    const vouch_data_format *const *f = vouch_data_format_table();
    for (; *f != NULL; f++)
        if (((*f)->files != NULL || (*f)->write != NULL) && index-- == 0)
            break;
    *name = *f != NULL ? (*f)->name : NULL;
    return *name != NULL;
}

static const vouch_option rows[] = {
    {.name = "json",
     .argument = "FILE",
     .help =
         "info: write the answer as JSON; - writes it to standard output in place of the text",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(data_cli, json)},
    {.name = "to",
     .argument = "FORMAT",
     .help = "convert, split: the format to write, where the name's ending does not tell it",
     .type = VOUCH_OPTION_CHOICE,
     .offset = offsetof(data_cli, to),
     .choices = format_names},
    {.name = "schema-out",
     .argument = "FILE",
     .help = "write the schema of a table as JSON, to be edited and given as ?schema=FILE",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(data_cli, schema)},
    {.name = "shares",
     .argument = "A,B,...",
     .help = "split: how much of the set each OUT gets; without it all get the same",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(data_cli, shares)},
    {.name = "seed",
     .argument = "N",
     .help = "split: which samples go where",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(data_cli, seed),
     .high = 9e15},
    {.name = "stratified",
     .help = "split: every part gets its share of each class",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(data_cli, stratified)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

/* ---- info --------------------------------------------------------------------------------- */

typedef struct figures {
    const vouch_data_info *info;
    int64_t count, unlabelled, outside; /* samples; numbers beyond their range */
    int64_t *of_class;                  /* [classes] */
    double least, most, sum;
} figures;

static void add_batch(figures *f, const float *x, const int32_t *label, int64_t got)
{
    for (int64_t i = 0; i < got * f->info->size; i++) {
        const vouch_feature *feature = &f->info->feature[i % f->info->size];
        const double v = (double)x[i];
        f->outside += x[i] < feature->low || x[i] > feature->high;
        f->least = v < f->least ? v : f->least;
        f->most = v > f->most ? v : f->most;
        f->sum += v;
    }
    for (int64_t i = 0; i < got; i++) {
        if (label[i] < 0)
            f->unlabelled++;
        else
            f->of_class[label[i]]++;
    }
    f->count += got;
}

static vouch_status survey(const vouch_cli_call *call, vouch_data_stream *stream, figures *f)
{
    enum { BATCH = 64 };
    const vouch_data_info *info = vouch_data_stream_info(stream);
    float *x = VOUCH_NEW_ARRAY(call->arena, float, BATCH * info->size);
    int32_t label[BATCH];
    int64_t got = 1;
    *f = (figures){.info = info, .least = (double)INFINITY, .most = -(double)INFINITY};
    f->of_class = VOUCH_NEW_ARRAY(call->arena, int64_t, info->classes);
    if (x == NULL || f->of_class == NULL)
        return VOUCH_ERR_MEMORY;
    while (got > 0) {
        VOUCH_TRY(vouch_data_next(stream, BATCH, x, label, &got));
        add_batch(f, x, label, got);
    }
    return VOUCH_OK;
}

static void put_columns(const vouch_schema *schema)
{
    puts("columns");
    for (int i = 0; i < schema->columns; i++) {
        const vouch_column *c = &schema->column[i];
        printf("  %-24s %-9s", c->name, vouch_column_type_name(c->type));
        if (c->type == VOUCH_COLUMN_CATEGORY)
            printf(" %d values", c->categories);
        else if (c->type != VOUCH_COLUMN_IGNORED)
            printf(" %s to %s", vouch_cli_real(c->low).text, vouch_cli_real(c->high).text);
        printf("%s%s%s%s\n", i == schema->target ? ", target" : "",
               c->is_protected ? ", protected" : "", c->immutable ? ", immutable" : "",
               c->may_miss ? ", some missing" : "");
    }
}

static void put_info(const figures *f)
{
    char shape[VOUCH_SHAPE_TEXT];
    printf("format    %s\n", f->info->format);
    printf("samples   %s of %s\n", vouch_cli_count((uint64_t)f->count).text,
           vouch_shape_print(&f->info->shape, shape, sizeof shape));
    printf("values    %.6g to %.6g, mean %.6g", f->least, f->most,
           f->sum / (double)f->count / (double)f->info->size);
    if (f->outside > 0)
        printf(", %s beyond the range of their column",
               vouch_cli_count((uint64_t)f->outside).text);
    printf("\nclasses   %d", f->info->classes);
    if (f->info->classes > 0 && f->unlabelled > 0)
        printf(", %s samples without one", vouch_cli_count((uint64_t)f->unlabelled).text);
    if (f->info->classes > 0 && f->info->class_order != NULL)
        printf(" (%s)", f->info->class_order);
    putchar('\n');
    for (int c = 0; c < f->info->classes; c++)
        printf("  %-24s %s\n", f->info->class_name[c],
               vouch_cli_count((uint64_t)f->of_class[c]).text);
    if (f->info->schema != NULL)
        put_columns(f->info->schema);
}

static void add_classes(vouch_context *ctx, json_t *root, const figures *f)
{
    json_t *list = NULL, *one = NULL;
    if (vouch_json_array(ctx, &list) != VOUCH_OK)
        return;
    for (int c = 0; c < f->info->classes && vouch_json_object(ctx, &one) == VOUCH_OK; c++) {
        (void)vouch_json_add_text(ctx, one, "name", f->info->class_name[c]);
        (void)vouch_json_add_int(ctx, one, "count", f->of_class[c]);
        (void)vouch_json_add(ctx, list, NULL, one);
    }
    (void)vouch_json_add(ctx, root, "classes", list);
}

static void add_info(vouch_context *ctx, json_t *root, const figures *f)
{
    json_t *shape = NULL;
    (void)vouch_json_add_int(ctx, root, "schema", 1);
    (void)vouch_json_add_text(ctx, root, "place", f->info->place);
    (void)vouch_json_add_text(ctx, root, "format", f->info->format);
    (void)vouch_json_add_int(ctx, root, "count", f->count);
    if (vouch_json_array(ctx, &shape) == VOUCH_OK) {
        for (int d = 0; d < f->info->shape.rank; d++)
            (void)vouch_json_add_int(ctx, shape, NULL, f->info->shape.dim[d]);
        (void)vouch_json_add(ctx, root, "shape", shape);
    }
    (void)vouch_json_add_int(ctx, root, "size", f->info->size);
    (void)vouch_json_add_real(ctx, root, "least", f->least);
    (void)vouch_json_add_real(ctx, root, "most", f->most);
    (void)vouch_json_add_int(ctx, root, "outside", f->outside);
    (void)vouch_json_add_int(ctx, root, "unlabelled", f->unlabelled);
    if (f->info->class_order != NULL)
        (void)vouch_json_add_text(ctx, root, "class_order", f->info->class_order);
    add_classes(ctx, root, f);
}

static vouch_status put_json(const vouch_cli_call *call, const char *path, const figures *f)
{
    vouch_context *ctx = call->ctx;
    vouch_cli_output output;
    json_t *root = NULL;
    VOUCH_TRY(vouch_cli_output_open(call->arena, path, &output));
    vouch_status s = vouch_json_object(ctx, &root);
    if (s == VOUCH_OK) {
        add_info(ctx, root, f);
        s = vouch_cli_output_json(ctx, output.stream, root);
    }
    if (s == VOUCH_OK)
        s = vouch_cli_output_commit(ctx, &output);
    vouch_cli_output_discard(&output);
    return s;
}

static vouch_status put_schema(const vouch_cli_call *call, const vouch_data_info *info)
{
    const data_cli *cli = call->settings[1];
    if (cli->schema == NULL)
        return VOUCH_OK;
    if (info->schema == NULL)
        return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "--schema-out: %s is not a table",
                          info->place);
    return vouch_data_write_schema(call->ctx, info->schema, cli->schema);
}

static vouch_status show(const vouch_cli_call *call)
{
    const data_cli *cli = call->settings[1];
    vouch_data_stream *stream = NULL;
    figures f;
    VOUCH_TRY(vouch_data_open(call->ctx, call->argument[1], &stream));
    vouch_status s = survey(call, stream, &f);
    if (s == VOUCH_OK)
        s = put_schema(call, f.info);
    if (s == VOUCH_OK && cli->json != NULL)
        s = put_json(call, cli->json, &f);
    if (s == VOUCH_OK && (cli->json == NULL || strcmp(cli->json, "-") != 0))
        put_info(&f);
    vouch_data_close(stream);
    return s;
}

/* ---- convert, split ----------------------------------------------------------------------- */

static vouch_status convert(const vouch_cli_call *call)
{
    const data_cli *cli = call->settings[1];
    vouch_data_stream *stream = NULL;
    VOUCH_TRY(vouch_data_open(call->ctx, call->argument[1], &stream));
    vouch_status s = vouch_data_convert(stream, call->argument[2], cli->to);
    if (s == VOUCH_OK)
        s = put_schema(call, vouch_data_stream_info(stream));
    vouch_data_close(stream);
    return s;
}

/* "80,10,10" into share[parts]. */
static vouch_status read_shares(const vouch_cli_call *call, const char *text, double *share,
                                int parts)
{
    int count = 0;
    while (count < parts) {
        char *end = NULL;
        share[count++] = text ? strtod(text, &end) : 1;
        if (text == NULL)
            continue;
        text = end != text && *end == ',' ? end + 1 : end;
        if (*end != ',')
            break;
    }
    if (count == parts && (text == NULL || *text == '\0'))
        return VOUCH_OK;
    return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                      "--shares: not %d numbers, one for each OUT", parts);
}

static vouch_status write_parts(const vouch_cli_call *call, const vouch_data *set,
                                const int64_t *index, const int64_t *size, int parts)
{
    const data_cli *cli = call->settings[1];
    for (int p = 0; p < parts; p++) {
        vouch_data *part = NULL;
        VOUCH_TRY(vouch_data_select(set, index, size[p], &part));
        vouch_status s = vouch_data_write(part, call->argument[2 + p], cli->to);
        vouch_data_free(part);
        if (s != VOUCH_OK)
            return s;
        printf("%s  %s samples\n", call->argument[2 + p],
               vouch_cli_count((uint64_t)size[p]).text);
        index += size[p];
    }
    return VOUCH_OK;
}

static vouch_status split_set(const vouch_cli_call *call, const vouch_data *set)
{
    const data_cli *cli = call->settings[1];
    const int parts = call->argument_count - 2;
    double *share = VOUCH_NEW_ARRAY(call->arena, double, parts);
    int64_t *size = VOUCH_NEW_ARRAY(call->arena, int64_t, parts);
    int64_t *index = VOUCH_NEW_ARRAY(call->arena, int64_t, set->info.count);
    if (share == NULL || size == NULL || index == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(read_shares(call, cli->shares, share, parts));
    const vouch_data_shares shares = {share, parts, cli->stratified, (uint64_t)cli->seed};
    VOUCH_TRY(vouch_data_split(set, &shares, index, size));
    return write_parts(call, set, index, size, parts);
}

static vouch_status split(const vouch_cli_call *call)
{
    vouch_data *set = NULL;
    VOUCH_TRY(vouch_data_load(call->ctx, call->argument[1], &set));
    vouch_status s = split_set(call, set);
    if (s == VOUCH_OK)
        s = put_schema(call, &set->info);
    vouch_data_free(set);
    return s;
}

/* ---- command ------------------------------------------------------------------------------ */

static const struct action {
    const char *name;
    int least, most; /* arguments, the action's name included */
    const char *takes;
    vouch_status (*run)(const vouch_cli_call *call);
} actions[] = {{"info", 2, 2, "one data set", show},
               {"convert", 3, 3, "a data set and a file to write", convert},
               {"split", 4, 64, "a data set and two or more files to write", split}};
enum { ACTIONS = sizeof actions / sizeof *actions };

static bool action_names(size_t index, const char **name)
{
    *name = index < ACTIONS ? actions[index].name : NULL;
    return index < ACTIONS;
}

static vouch_status act(const vouch_cli_call *call)
{
    for (size_t i = 0; i < ACTIONS; i++) {
        const struct action *a = &actions[i];
        if (strcmp(a->name, call->argument[0]) != 0)
            continue;
        if (call->argument_count < a->least || call->argument_count > a->most)
            return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "%s takes %s", a->name, a->takes);
        return a->run(call);
    }
    return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "'%s' is not one of info, convert, split",
                      call->argument[0]);
}

static vouch_exit run(const vouch_cli_call *call)
{
    const vouch_status s = act(call);
    return s == VOUCH_OK ? vouch_cli_finish(call, VOUCH_EXIT_OK) : vouch_cli_fail(call, s);
}

const vouch_command vouch_command_data = {
    .name = "data",
    .summary = "look at data sets, convert and split them",
    .arguments = "info|convert|split DATA [OUT...]",
    .description = "DATA is a file or a folder, or builtin:NAME for a set that vouch makes "
                   "itself; settings "
                   "follow a question mark: adult.csv?target=income&missing=drop. 'vouch list "
                   "data' has the "
                   "formats, the built-in sets and the settings.\n\n"
                   "info tells what the set holds, reading it once whatever its size. convert "
                   "writes it to "
                   "OUT in another format, split parts of it to several, drawn by a seed.",
    .examples = "vouch data info train-images-idx3-ubyte.gz\n"
                "vouch data convert 'builtin:glyphs28?count=64' grid.png\n"
                "vouch data split adult.csv train.npz test.npz --shares 80,20 --stratified",
    .least = 2,
    .most = 64,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(data_cli)}},
    .words = action_names,
    .run = run,
};
