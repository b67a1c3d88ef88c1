/* Fuzzes the VNN-LIB reader: any bytes give a specification or one line of error.
 *
 * The first byte chooses the network's sizes. What parses must also be describable, writable,
 * and readable again with no more cases than before; and at a few points no case may hold in
 * one and all fail in the other.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/spec.h"

#define REQUIRE(condition)                                                                     \
    do {                                                                                       \
        if (!(condition))                                                                      \
            abort();                                                                           \
    } while (0)

enum { INPUTS_MAX = 4, OUTPUTS_MAX = 4 };

typedef struct network {
    vouch_value value[2];
    int input, output;
    vouch_graph graph;
} network;

static vouch_value tensor_value(const char *name, int64_t n)
{
    return (vouch_value){
        .name = name, .shape = {.rank = 1, .dim = {n}}, .shape_known = true, .producer = -1};
}

static void make_network(network *net, int64_t inputs, int64_t outputs)
{
    net->value[0] = tensor_value("in", inputs);
    net->value[1] = tensor_value("out", outputs);
    net->input = 0;
    net->output = 1;
    net->graph = (vouch_graph){.source = "net",
                               .value_count = 2,
                               .value = net->value,
                               .input_count = 1,
                               .output_count = 1,
                               .input = &net->input,
                               .output = &net->output};
}

static bool any_case_holds(const vouch_spec *spec, const double *x, const double *y)
{
    for (int k = 0; k < spec->case_count; k++)
        if (vouch_spec_case_holds(spec, k, x, y, y))
            return true;
    return false;
}

static void compare(const vouch_spec *a, const vouch_spec *b)
{
    static const double grid[] = {0, 1, -1, 0.5, 3.991125645861615};

    REQUIRE(b->case_count <= a->case_count && b->box_count <= a->box_count);
    for (size_t i = 0; i < sizeof grid / sizeof grid[0]; i++)
        for (size_t j = 0; j < sizeof grid / sizeof grid[0]; j++) {
            const double x[INPUTS_MAX] = {grid[i], grid[j], grid[i], grid[j]};
            const double y[OUTPUTS_MAX] = {grid[j], grid[i], grid[i], grid[j]};

            REQUIRE(any_case_holds(a, x, y) == any_case_holds(b, x, y));
        }
}

static void use(vouch_context *ctx, const network *net, const vouch_spec *spec)
{
    char words[200];
    const char *text;
    size_t size;
    vouch_spec *again;
    vouch_arena *arena;

    REQUIRE(strlen(vouch_spec_describe(spec, -1, words, sizeof words)) < sizeof words);
    if (spec->case_count > 200)
        return;
    arena = vouch_arena_new(ctx);
    REQUIRE(arena && vouch_spec_write(spec, arena, &text, &size) == VOUCH_OK);
    if (vouch_spec_parse(ctx, &net->graph, "again", text, size, &again) == VOUCH_OK)
        compare(spec, again);
    else /* a number that was computed may be longer than one may write */
        REQUIRE(vouch_context_status(ctx) == VOUCH_ERR_LIMIT);
    vouch_spec_free(again);
    vouch_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_spec *spec = NULL;
    network net;

    if (ctx && size > 0) {
        make_network(&net, 1 + data[0] % INPUTS_MAX, 1 + data[0] / INPUTS_MAX % OUTPUTS_MAX);
        if (vouch_spec_parse(ctx, &net.graph, "p", (const char *)data + 1, size - 1, &spec) ==
            VOUCH_OK)
            use(ctx, &net, spec);
        else
            REQUIRE(!spec && strlen(vouch_context_error(ctx)) > 0);
    }
    vouch_spec_free(spec);
    vouch_context_free(ctx);
    return 0;
}
