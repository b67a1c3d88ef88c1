#include "support/lines.h"

#include <string.h>

static void add_ints(const vouch_test_lines *f, vouch_graph_builder *b, const char *name,
                     int count, const int64_t *values)
{
    const vouch_shape shape = {.rank = count ? 1 : 0, .dim = {count}};
    vouch_tensor *t = vouch_tensor_new(vouch_graph_builder_arena(b), VOUCH_I64, &shape);
    assert_non_null(t);
    memcpy(t->i64, values, (size_t)t->count * sizeof *values);
    vouch_test_ok(f->ctx, vouch_graph_add_constant(b, name, t));
}

static void add_ramp(const vouch_test_lines *f, vouch_graph_builder *b, const char *name,
                     int64_t count)
{
    const vouch_shape shape = {.rank = 1, .dim = {count}};
    vouch_tensor *t = vouch_tensor_new(vouch_graph_builder_arena(b), VOUCH_F32, &shape);
    assert_non_null(t);
    for (int64_t i = 0; i < count; i++)
        t->f32[i] = (float)(10 * i + 1);
    vouch_test_ok(f->ctx, vouch_graph_add_constant(b, name, t));
}

static void add_line(const vouch_test_lines *f, vouch_graph_builder *b,
                     const vouch_test_line *l)
{
    vouch_arena *arena = vouch_graph_builder_arena(b);
    int *v = VOUCH_NEW_ARRAY(arena, int, 5), count = 0;
    vouch_attr *attr = VOUCH_NEW(arena, vouch_attr);
    assert_true(v && attr);
    *attr = (vouch_attr){.name = l->attr, .kind = VOUCH_ATTR_INT, .count = 1, .i = l->value};
    while (count < 4 && l->in[count]) {
        v[count] = vouch_graph_value(b, l->in[count]);
        count++;
    }
    v[4] = vouch_graph_value(b, l->out);
    const vouch_node n = {.type = l->type,
                          .name = l->out,
                          .domain = "",
                          .input_count = count,
                          .output_count = 1,
                          .attr_count = l->attr ? 1 : 0,
                          .input = v,
                          .output = v + 4,
                          .attr = attr};
    vouch_test_ok(f->ctx, vouch_graph_add_node(b, &n));
}

vouch_status vouch_test_lines_build(vouch_test_lines *f, const vouch_test_line *lines)
{
    *f = (vouch_test_lines){.ctx = vouch_test_context()};
    f->arena = vouch_arena_new(f->ctx);
    vouch_graph_builder *b = vouch_graph_builder_new(f->ctx, "net", 13);
    assert_true(f->arena && b);
    const vouch_shape two = {.rank = 1, .dim = {2}};
    vouch_test_ok(f->ctx, vouch_graph_add_input(b, "x", VOUCH_F32, &two));
    add_ints(f, b, "zero", 0, (const int64_t[]){0});
    add_ints(f, b, "one", 0, (const int64_t[]){1});
    add_ints(f, b, "axis0", 1, (const int64_t[]){0});
    add_ints(f, b, "pair", 1, (const int64_t[]){2});
    add_ints(f, b, "pair_axis", 1, (const int64_t[]){1});
    add_ints(f, b, "index", 5, (const int64_t[]){0, 1, 2, 3, 4});
    add_ramp(f, b, "table", 5);
    for (; lines->type; lines++)
        add_line(f, b, lines);
    vouch_test_ok(f->ctx, vouch_graph_add_output(b, "y"));
    vouch_test_ok(f->ctx, vouch_graph_finish(b, &f->graph));
    return vouch_op_bind_graph(f->ctx, f->graph);
}

void vouch_test_lines_open(vouch_test_lines *f, const vouch_test_line *lines)
{
    const vouch_status status = vouch_test_lines_build(f, lines);
    vouch_test_ok(f->ctx, status);
}

void vouch_test_lines_close(vouch_test_lines *f)
{
    vouch_graph_free(f->graph);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}
