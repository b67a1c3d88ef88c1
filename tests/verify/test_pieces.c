/* Pieces tile the property's boxes, in order, and stop when told to. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/net.h"
#include "verify/pieces.h"

typedef struct seen {
    int count, halve_to, stop_after;
    double share, volume;
    bool other_box;
} seen;

static vouch_status look(void *user, vouch_arena *arena, vouch_piece *piece,
                         vouch_piece_outcome *outcome)
{
    seen *s = user;
    const vouch_box *box = &piece->spec.box[0];
    (void)arena;
    assert_non_null(piece->task.form);
    assert_int_equal(piece->spec.box_count, 1);
    assert_int_equal(piece->task.case_count, 1);
    *outcome = piece->depth < s->halve_to ? VOUCH_PIECE_HALVE : VOUCH_PIECE_DONE;
    if (*outcome == VOUCH_PIECE_HALVE)
        return VOUCH_OK;
    s->other_box |= piece->first_case == 1;
    s->share += piece->share;
    s->volume += (box->high[0] - box->low[0]) * (box->high[1] - box->low[1]);
    if (++s->count == s->stop_after)
        *outcome = VOUCH_PIECE_STOP;
    return VOUCH_OK;
}

static bool run(seen *s)
{
    vouch_context *ctx = vouch_test_context();
    vouch_random r = vouch_random_stream(3, "pieces", 0);
    static const int size[] = {2, 6, 1};
    vouch_test_net net;
    bool apply, stuck;
    vouch_test_net_random(ctx, VOUCH_F32, 2, size, &r, &net);
    vouch_spec *spec = vouch_test_spec(
        ctx, net.graph,
        "(assert (or (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 2) (>= Y_0 9))"
        "            (and (>= X_0 4) (<= X_0 5) (>= X_1 0) (<= X_1 2) (>= Y_0 9))))");
    vouch_test_ok(ctx, vouch_pieces_apply(ctx, net.graph, &apply));
    assert_true(apply);
    vouch_test_ok(ctx, vouch_pieces_run(ctx, net.graph, spec, look, s, &stuck));
    vouch_spec_free(spec);
    vouch_test_net_free(&net);
    vouch_context_free(ctx);
    return stuck;
}

static void pieces_tile_every_box(void **state)
{
    (void)state;
    for (int depth = 0; depth < 5; depth++) {
        seen s = {.halve_to = depth};
        assert_false(run(&s));
        assert_int_equal(s.count, 2 << depth);
        assert_true(s.volume == 4);
        assert_true(s.share == 1);
        assert_true(s.other_box);
    }
}

static void a_stop_ends_the_run(void **state)
{
    (void)state;
    seen s = {.halve_to = 3, .stop_after = 5};
    assert_false(run(&s));
    assert_int_equal(s.count, 5);
    assert_false(s.other_box);
}

static void halving_without_end_is_told(void **state)
{
    (void)state;
    seen s = {.halve_to = 1000};
    assert_true(run(&s));
    assert_int_equal(s.count, 0);
}

/* ---- blocks --------------------------------------------------------------------------------- */

enum { MANY = 2 * VOUCH_BLOCK_BOXES + 5, LINE = 64 };

typedef struct blocks_seen {
    int count, boxes, stop_after;
    double share;
} blocks_seen;

static vouch_status look_at_block(void *user, vouch_arena *arena, vouch_piece *piece,
                                  vouch_piece_outcome *outcome)
{
    blocks_seen *s = user;
    (void)arena;
    assert_non_null(piece->task.form);
    assert_int_equal(piece->first_case, s->boxes);
    assert_int_equal(piece->spec.case_count, piece->spec.box_count);
    for (int k = 0; k < piece->spec.case_count; k++) {
        assert_int_equal(piece->spec.cases[k].box, k);
        assert_true(piece->spec.box[k].low[0] == s->boxes + k);
    }
    s->boxes += piece->spec.box_count;
    s->share += piece->share;
    *outcome = ++s->count == s->stop_after ? VOUCH_PIECE_STOP : VOUCH_PIECE_DONE;
    return VOUCH_OK;
}

static vouch_spec *many_boxes(vouch_context *ctx, const vouch_graph *graph)
{
    static char text[(MANY + 1) * LINE];
    size_t length = (size_t)snprintf(text, LINE, "(assert (or\n");
    for (int b = 0; b < MANY; b++)
        length += (size_t)snprintf(text + length, LINE,
                                   "(and (>= X_0 %d)(<= X_0 %d.5)(>= Y_0 99999))\n", b, b);
    snprintf(text + length, LINE, "))\n");
    return vouch_test_spec(ctx, graph, text);
}

static void run_blocks(blocks_seen *s)
{
    vouch_context *ctx = vouch_test_context();
    vouch_random r = vouch_random_stream(3, "pieces", 0);
    static const int size[] = {1, 6, 1};
    vouch_test_net net;
    bool stuck;
    vouch_test_net_random(ctx, VOUCH_F32, 2, size, &r, &net);
    vouch_spec *spec = many_boxes(ctx, net.graph);
    assert_int_equal(spec->box_count, MANY);
    vouch_test_ok(ctx, vouch_pieces_blocks(ctx, net.graph, spec, look_at_block, s, &stuck));
    assert_false(stuck);
    vouch_spec_free(spec);
    vouch_test_net_free(&net);
    vouch_context_free(ctx);
}

static void blocks_hold_every_box_once(void **state)
{
    (void)state;
    blocks_seen s = {0};
    run_blocks(&s);
    assert_int_equal(s.boxes, MANY);
    assert_int_equal(s.count, 3);
    assert_true(fabs(s.share - 1) < 1e-12);
}

static void a_stop_ends_the_blocks(void **state)
{
    (void)state;
    blocks_seen s = {.stop_after = 2};
    run_blocks(&s);
    assert_int_equal(s.boxes, 2 * VOUCH_BLOCK_BOXES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_tile_every_box),
        cmocka_unit_test(a_stop_ends_the_run),
        cmocka_unit_test(halving_without_end_is_told),
        cmocka_unit_test(blocks_hold_every_box_once),
        cmocka_unit_test(a_stop_ends_the_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
