/* Small networks of several nodes, given as one line each. */
#ifndef VOUCH_TESTS_LINES_H
#define VOUCH_TESTS_LINES_H

#include "op/op.h"
#include "support/support.h"

/* One node: type, inputs and output by name, an attribute as name=integer. */
typedef struct vouch_test_line {
    const char *type, *in[4], *out;
    const char *attr;
    int64_t value;
} vouch_test_line;

typedef struct vouch_test_lines {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_graph *graph;
} vouch_test_lines;

/* Inputs: floats x [2]; constants: integers zero, one, [0], table = 1, 11, 21, 31, 41 and
 * indices 0..4. Output y. lines end with an empty one. To be closed also where binding fails. */
vouch_status vouch_test_lines_build(vouch_test_lines *f, const vouch_test_line *lines);
void vouch_test_lines_open(vouch_test_lines *f, const vouch_test_line *lines);
void vouch_test_lines_close(vouch_test_lines *f);

#endif
