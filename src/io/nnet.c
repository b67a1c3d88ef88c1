/* The .nnet text format (Kyle Julian, Stanford 2016) as a float64 graph.
 *
 * Lines of numbers separated by commas; lines that begin with // are comments:
 *
 *     layers, inputs, outputs, largest layer,
 *     inputs, size of layer 1, ..., outputs,
 *     a flag that nobody uses,
 *     least value of each input,      greatest value of each input,
 *     mean of each input, ..., of the outputs,      range of each input, ..., of the outputs,
 *     then for each layer its weights, a row for each neuron, and its biases, one on each line
 *
 * The network computes y = N((clip(x) - mean) / range) * range_out + mean_out, N having a ReLU
 * after every layer but the last. Its decimals are rounded to the nearest doubles, and the
 * network is the one with those doubles, over the reals. Normalisation becomes explicit nodes;
 * clip(x) to [a, b] is a + relu(x - a) - relu(x - b), exact over the reals where a <= b, which
 * takes bounds of each input where ONNX's Clip has one for all.
 */
#include <limits.h>
#include <string.h>

#include "io/io_priv.h"

enum { NNET_OPSET = 13 };

typedef struct text {
    vouch_context *ctx;
    const char *source;
    const char *at, *end;      /* the rest of the file */
    const char *row, *row_end; /* the rest of the current line */
    size_t line;
} text;

/* ---- lines and numbers ------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static void skip_blanks(text *t)
{
    while (t->row < t->row_end && is_blank(*t->row))
        t->row++;
}

static bool is_comment(const text *t)
{
    return t->row_end - t->row >= 2 && t->row[0] == '/' && t->row[1] == '/';
}

/* Goes to the next line that holds something; false at the end of the file. */
static bool next_line(text *t)
{
    while (t->at < t->end) {
        const char *newline = memchr(t->at, '\n', (size_t)(t->end - t->at));
        t->row = t->at;
        t->row_end = newline ? newline : t->end;
        t->at = newline ? newline + 1 : t->end;
        t->line++;
        skip_blanks(t);
        if (t->row < t->row_end && !is_comment(t))
            return true;
    }
    return false;
}

static vouch_status fail_text(const text *t, const char *what, const char *problem)
{
    return vouch_fail(t->ctx, VOUCH_ERR_PARSE, "%s:%zu: %s: %s", t->source, t->line, what,
                      problem);
}

static vouch_status need_line(text *t, const char *what)
{
    return next_line(t) ? VOUCH_OK : fail_text(t, what, "the file ends early");
}

/* The next word of the row, and past the comma behind it. */
static size_t take_word(text *t, const char **word)
{
    *word = t->row;
    while (t->row < t->row_end && *t->row != ',' && !is_blank(*t->row))
        t->row++;
    size_t length = (size_t)(t->row - *word);
    skip_blanks(t);
    if (t->row < t->row_end && *t->row == ',')
        t->row++;
    skip_blanks(t);
    return length;
}

static vouch_status take_number(text *t, const char *what, double *value)
{
    const char *word = NULL;
    size_t length = take_word(t, &word);
    int shown = length < 40 ? (int)length : 40;

    if (vouch_io_double(word, length, value))
        return VOUCH_OK;
    return vouch_fail(t->ctx, VOUCH_ERR_PARSE,
                      "%s:%zu: %s: '%.*s' is not a finite decimal number", t->source, t->line,
                      what, shown, word);
}

/* count numbers of a new line, into out with that stride; the line may go on. */
static vouch_status begin_row(text *t, const char *what, size_t count, size_t stride,
                              double *out)
{
    VOUCH_TRY(need_line(t, what));
    for (size_t i = 0; i < count; i++) {
        if (t->row == t->row_end)
            return vouch_fail(t->ctx, VOUCH_ERR_PARSE, "%s:%zu: %s: %zu numbers instead of %zu",
                              t->source, t->line, what, i, count);
        VOUCH_TRY(take_number(t, what, &out[i * stride]));
    }
    return VOUCH_OK;
}

/* A line of exactly count numbers. */
static vouch_status take_row(text *t, const char *what, size_t count, size_t stride,
                             double *out)
{
    VOUCH_TRY(begin_row(t, what, count, stride, out));
    if (t->row == t->row_end)
        return VOUCH_OK;
    return vouch_fail(t->ctx, VOUCH_ERR_PARSE, "%s:%zu: %s: more than %zu numbers", t->source,
                      t->line, what, count);
}

/* What is left of the row; the last number stays in *last. */
static vouch_status take_tail(text *t, const char *what, double *last)
{
    while (t->row < t->row_end)
        VOUCH_TRY(take_number(t, what, last));
    return VOUCH_OK;
}

/* ---- header ------------------------------------------------------------------------------ */

typedef struct header {
    size_t layers; /* with weights */
    size_t *size;  /* layers + 1 sizes, inputs first */
    size_t inputs;
    double *low, *high;   /* of each input */
    double *mean, *range; /* of each input, then of the outputs */
} header;

/* Sizes are bounded by the file: a size that its bytes cannot hold is a mistake, and would ask
 * for memory that the file does not deserve. */
static vouch_status to_size(const text *t, const char *what, double value, size_t *size)
{
    if (!(value >= 1) || value > (double)INT_MAX || value > (double)(t->end - t->at) ||
        value != (double)(size_t)value)
        return fail_text(t, what, "is not a size that this file can have");
    *size = (size_t)value;
    return VOUCH_OK;
}

static vouch_status read_sizes(text *t, vouch_arena *arena, header *h)
{
    double first[4];
    size_t outputs = 0;

    VOUCH_TRY(take_row(t, "header", 4, 1, first));
    VOUCH_TRY(to_size(t, "number of layers", first[0], &h->layers));
    VOUCH_TRY(to_size(t, "number of inputs", first[1], &h->inputs));
    VOUCH_TRY(to_size(t, "number of outputs", first[2], &outputs));
    double *sizes = VOUCH_NEW_ARRAY(arena, double, h->layers + 1);
    h->size = VOUCH_NEW_ARRAY(arena, size_t, h->layers + 1);
    if (!sizes || !h->size)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(take_row(t, "layer sizes", h->layers + 1, 1, sizes));
    for (size_t i = 0; i <= h->layers; i++)
        VOUCH_TRY(to_size(t, "layer size", sizes[i], &h->size[i]));
    if (h->size[0] != h->inputs || h->size[h->layers] != outputs)
        return fail_text(t, "layer sizes", "do not fit the numbers of inputs and outputs");
    return VOUCH_OK;
}

static vouch_status check_bounds(const text *t, const header *h)
{
    for (size_t i = 0; i < h->inputs; i++)
        if (h->low[i] > h->high[i])
            return vouch_fail(t->ctx, VOUCH_ERR_VALUE,
                              "%s:%zu: input %zu: its maximum is below its minimum", t->source,
                              t->line, i);
    return VOUCH_OK;
}

/* A line with a number for each input. The ACAS Xu files go on with two inputs that they fixed
 * when the network was split into 45. */
static vouch_status take_inputs(text *t, vouch_arena *arena, const char *what, size_t inputs,
                                double **out)
{
    double unused = 0;

    *out = VOUCH_NEW_ARRAY(arena, double, inputs);
    if (!*out)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(begin_row(t, what, inputs, 1, *out));
    return take_tail(t, what, &unused);
}

/* A line of means or ranges: of each input, and at its end the one of the outputs, which goes
 * to out[inputs]. */
static vouch_status take_scale(text *t, vouch_arena *arena, const char *what, size_t inputs,
                               double **out)
{
    *out = VOUCH_NEW_ARRAY(arena, double, inputs + 1);
    if (!*out)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(begin_row(t, what, inputs + 1, 1, *out));
    return take_tail(t, what, &(*out)[inputs]);
}

static vouch_status read_header(text *t, vouch_arena *arena, header *h)
{
    VOUCH_TRY(read_sizes(t, arena, h));
    VOUCH_TRY(need_line(t, "flag")); /* its content has no meaning */
    VOUCH_TRY(take_inputs(t, arena, "input minima", h->inputs, &h->low));
    VOUCH_TRY(take_inputs(t, arena, "input maxima", h->inputs, &h->high));
    VOUCH_TRY(check_bounds(t, h));
    VOUCH_TRY(take_scale(t, arena, "means", h->inputs, &h->mean));
    VOUCH_TRY(take_scale(t, arena, "ranges", h->inputs, &h->range));
    for (size_t i = 0; i <= h->inputs; i++)
        if (h->range[i] == 0)
            return vouch_fail(t->ctx, VOUCH_ERR_VALUE, "%s:%zu: range %zu is 0", t->source,
                              t->line, i);
    return VOUCH_OK;
}

/* ---- graph ------------------------------------------------------------------------------- */

typedef struct assembly {
    vouch_graph_builder *builder;
    vouch_arena *arena;
    const char *last; /* name of the value computed so far */
    int count;        /* of names made */
} assembly;

static vouch_tensor *matrix(vouch_arena *arena, size_t rows, size_t columns)
{
    vouch_shape shape = {.rank = rows ? 2 : 1};

    shape.dim[0] = (int64_t)(rows ? rows : columns);
    shape.dim[1] = rows ? (int64_t)columns : 0;
    return vouch_tensor_new(arena, VOUCH_F64, &shape);
}

/* A node of one or two inputs (b NULL: one) that computes output. */
static vouch_status add_node(assembly *s, const char *type, const char *a, const char *b,
                             const char *output)
{
    vouch_node node = {.type = type, .name = output, .domain = "", .output_count = 1};
    int *index = VOUCH_NEW_ARRAY(s->arena, int, 3);

    if (!index)
        return VOUCH_ERR_MEMORY;
    index[0] = vouch_graph_value(s->builder, a);
    index[1] = b ? vouch_graph_value(s->builder, b) : -1;
    index[2] = vouch_graph_value(s->builder, output);
    if (index[0] < 0 || index[2] < 0 || (b && index[1] < 0))
        return VOUCH_ERR_MEMORY;
    node.input = index;
    node.input_count = b ? 2 : 1;
    node.output = index + 2;
    s->last = output;
    return vouch_graph_add_node(s->builder, &node);
}

static const char *new_name(assembly *s, const char *what)
{
    return vouch_arena_print(s->arena, "%s_%d", what, s->count++);
}

/* output = type(a, constant): the constant and the node. */
static vouch_status add_step(assembly *s, const char *type, const char *a, const char *what,
                             const vouch_tensor *constant)
{
    const char *name = new_name(s, what);
    const char *output = new_name(s, "h");

    if (!name || !output)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_graph_add_constant(s->builder, name, constant));
    return add_node(s, type, a, name, output);
}

static vouch_status add_relu(assembly *s)
{
    const char *output = new_name(s, "relu");

    return output ? add_node(s, "Relu", s->last, NULL, output) : VOUCH_ERR_MEMORY;
}

/* type(last, values) where values is a vector; nothing where it changes nothing. */
static vouch_status add_vector(assembly *s, const char *type, const char *what,
                               const double *values, size_t count, double neutral)
{
    vouch_tensor *constant = matrix(s->arena, 0, count);
    bool needed = false;

    if (!constant)
        return VOUCH_ERR_MEMORY;
    memcpy(constant->f64, values, count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        needed = needed || values[i] != neutral;
    return needed ? add_step(s, type, s->last, what, constant) : VOUCH_OK;
}

/* clip(x) = low + relu(x - low) - relu(x - high) */
static vouch_status add_clip(assembly *s, const header *h)
{
    const char *x = s->last;
    const char *clipped = new_name(s, "clipped");

    if (!clipped)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(add_vector(s, "Sub", "maximum", h->high, h->inputs, 0));
    VOUCH_TRY(add_relu(s));
    const char *above = s->last;
    s->last = x;
    VOUCH_TRY(add_vector(s, "Sub", "minimum", h->low, h->inputs, 0));
    VOUCH_TRY(add_relu(s));
    VOUCH_TRY(add_vector(s, "Add", "minimum", h->low, h->inputs, 0));
    return add_node(s, "Sub", s->last, above, clipped);
}

/* The file has a row for each neuron; MatMul wants a column for each. */
static vouch_status add_layer(assembly *s, text *t, size_t inputs, size_t outputs)
{
    if (inputs > (size_t)(t->end - t->at) / outputs)
        return fail_text(t, "weights", "the file is too short for them");
    vouch_tensor *weight = matrix(s->arena, inputs, outputs);
    vouch_tensor *bias = matrix(s->arena, 0, outputs);
    if (!weight || !bias)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < outputs; i++)
        VOUCH_TRY(take_row(t, "weights", inputs, outputs, weight->f64 + i));
    for (size_t i = 0; i < outputs; i++)
        VOUCH_TRY(take_row(t, "bias", 1, 1, bias->f64 + i));
    VOUCH_TRY(add_step(s, "MatMul", s->last, "weight", weight));
    return add_step(s, "Add", s->last, "bias", bias);
}

/* Every output shares one mean and one range. */
static vouch_status add_scaling(assembly *s, const header *h)
{
    VOUCH_TRY(add_vector(s, "Mul", "range", &h->range[h->inputs], 1, 1));
    return add_vector(s, "Add", "mean", &h->mean[h->inputs], 1, 0);
}

static vouch_status assemble(assembly *s, text *t)
{
    header h = {0};
    vouch_shape shape = {.rank = 2, .dim = {1}};

    VOUCH_TRY(read_header(t, s->arena, &h));
    shape.dim[1] = (int64_t)h.inputs;
    s->last = "x";
    VOUCH_TRY(vouch_graph_add_input(s->builder, "x", VOUCH_F64, &shape));
    VOUCH_TRY(add_clip(s, &h));
    VOUCH_TRY(add_vector(s, "Sub", "mean", h.mean, h.inputs, 0));
    VOUCH_TRY(add_vector(s, "Div", "range", h.range, h.inputs, 1));
    for (size_t i = 0; i < h.layers; i++) {
        VOUCH_TRY(vouch_context_poll(t->ctx));
        VOUCH_TRY(add_layer(s, t, h.size[i], h.size[i + 1]));
        if (i + 1 < h.layers)
            VOUCH_TRY(add_relu(s));
    }
    VOUCH_TRY(add_scaling(s, &h));
    if (next_line(t))
        return fail_text(t, "end", "there is more than the layers need");
    VOUCH_TRY(add_node(s, "Identity", s->last, NULL, "y"));
    return vouch_graph_add_output(s->builder, "y");
}

vouch_status vouch_nnet_parse(vouch_context *ctx, const char *source, const char *data,
                              size_t size, vouch_graph **graph)
{
    text t = {.ctx = ctx, .source = source, .at = data, .end = data + size};
    assembly s = {.builder = NULL};

    *graph = NULL;
    if (size == 0)
        return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s: the file is empty", source);
    s.builder = vouch_graph_builder_new(ctx, source, NNET_OPSET);
    if (!s.builder)
        return VOUCH_ERR_MEMORY;
    s.arena = vouch_graph_builder_arena(s.builder);
    vouch_status status = assemble(&s, &t);
    if (status) {
        vouch_graph_builder_free(s.builder);
        return status;
    }
    return vouch_graph_finish(s.builder, graph);
}
