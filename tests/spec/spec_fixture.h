/* Properties of hand-made networks: only the shapes of inputs and outputs matter here. */
#ifndef VOUCH_TESTS_SPEC_FIXTURE_H
#define VOUCH_TESTS_SPEC_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"

typedef struct spec_fixture {
    vouch_context *ctx;
    vouch_value value[4];
    int input[2], output[2];
    vouch_graph graph;
    vouch_spec *spec;
} spec_fixture;

static inline vouch_value fixture_value(const char *name, int64_t n)
{
    return (vouch_value){.name = name,
                         .dtype = VOUCH_F32,
                         .shape = {.rank = 2, .dim = {1, n}},
                         .shape_known = true,
                         .producer = -1};
}

/* A network with one input of n and one output of m elements, shapes [1,n] and [1,m]; no
 * context yet. */
static inline void fixture_fill(spec_fixture *f, int64_t n, int64_t m)
{
    memset(f, 0, sizeof *f);
    f->value[0] = fixture_value("in", n);
    f->value[1] = fixture_value("out", m);
    f->input[0] = 0;
    f->output[0] = 1;
    f->graph = (vouch_graph){.source = "net.onnx",
                             .value_count = 2,
                             .value = f->value,
                             .input_count = 1,
                             .output_count = 1,
                             .input = f->input,
                             .output = f->output};
}

static inline void fixture_open(spec_fixture *f, int64_t n, int64_t m)
{
    fixture_fill(f, n, m);
    f->ctx = vouch_context_new(NULL);
    assert_non_null(f->ctx);
}

static inline vouch_status fixture_parse(spec_fixture *f, const char *text)
{
    vouch_spec_free(f->spec);
    f->spec = NULL;
    vouch_context_clear_error(f->ctx);
    return vouch_spec_parse(f->ctx, &f->graph, "p.vnnlib", text, strlen(text), &f->spec);
}

static inline void fixture_close(spec_fixture *f)
{
    vouch_spec_free(f->spec);
    f->spec = NULL;
    vouch_context_free(f->ctx);
}

/* Declarations of two inputs and two outputs, on one line, then the text. */
#define DECLARE_2_2                                                                            \
    "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"                 \
    "(declare-const Y_1 Real)\n"
#define BOX_2 "(assert (and (<= X_0 1) (>= X_0 -1) (<= X_1 1) (>= X_1 -1)))\n"

#endif
