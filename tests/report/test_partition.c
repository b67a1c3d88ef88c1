/* Pictures of partitions: what is drawn, what is escaped, and that nothing looks proved that is
 * not. */
#include "report/partition_svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/workers.h"
#include "io/io.h"
#include "report/svg.h"
#include "support/support.h"

static vouch_context *ctx;
static vouch_arena *arena;

static int setup(void **state)
{
    (void)state;
    ctx = vouch_context_new(NULL);
    arena = vouch_arena_new(ctx);
    return ctx && arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return 0;
}

static void box(const vouch_sink *sink, uint64_t id, uint64_t parent, int depth, double x0,
                double x1, double y0, double y1)
{
    const double low[3] = {x0, 0, y0}, high[3] = {x1, 1, y1};
    const vouch_sink_box b = {
        .id = id, .parent = parent, .depth = depth, .input_size = 3, .low = low, .high = high};
    assert_int_equal(sink->box(sink->user, &b), VOUCH_OK);
}

static void split(const vouch_sink *sink, uint64_t id, int64_t dimension, double cut)
{
    assert_int_equal(sink->split(sink->user, id, dimension, 1, &cut), VOUCH_OK);
}

/* The picture's text. VOUCH_KEEP_PICTURES=DIR keeps a copy to look at. */
static const char *write_picture(vouch_partition *p, const vouch_partition_picture *picture,
                                 const char *name)
{
    char folder[VOUCH_TEST_PATH], path[VOUCH_TEST_PATH], file_name[64];
    const char *keep = getenv("VOUCH_KEEP_PICTURES");
    vouch_file file;

    vouch_test_temp_dir(folder);
    snprintf(file_name, sizeof file_name, "%s.svg", name);
    vouch_test_join(keep ? keep : folder, file_name, path);
    vouch_test_ok(ctx, vouch_partition_write(ctx, p, picture, path));
    vouch_test_ok(ctx, vouch_file_read(arena, path, 1 << 26, &file));
    vouch_test_remove_dir(folder);
    return file.data;
}

static int count(const char *text, const char *what)
{
    int n = 0;

    while ((text = strstr(text, what)) != NULL) {
        n++;
        text += strlen(what);
    }
    return n;
}

static const char hatched[] = "fill=\"url(#open)\"/>"; /* the legend's has a stroke */
static const char red[] = "fill-opacity=\".75\"/>";

static void a_proved_partition_shows_no_hatching_and_no_red(void **state)
{
    vouch_partition *p = vouch_partition_new(ctx, 3, 0, 2);
    const vouch_sink *sink = vouch_partition_sink(p);
    const vouch_partition_picture picture = {.title = "all proved"};

    (void)state;
    box(sink, 1, 0, 0, 0, 4, -1, 1);
    split(sink, 1, 0, 2);
    box(sink, 2, 1, 1, 0, 2, -1, 1);
    box(sink, 3, 1, 1, 2, 4, -1, 1);
    sink->leaf(sink->user, 2, VOUCH_LEAF_PROVED);
    sink->leaf(sink->user, 3, VOUCH_LEAF_EMPTY);
    const char *svg = write_picture(p, &picture, "proved");
    assert_int_equal(count(svg, hatched), 0);
    assert_int_equal(count(svg, red), 0);
    assert_non_null(strstr(svg, "2 proved, 0 open, 0 refuted"));
    assert_non_null(strstr(svg, "input 2"));
    vouch_partition_free(p);
}

static void parts_nobody_took_up_are_hatched(void **state)
{
    vouch_partition *p = vouch_partition_new(ctx, 3, 0, 2);
    const vouch_sink *sink = vouch_partition_sink(p);
    const vouch_partition_picture picture = {.title = "missing"};

    (void)state;
    box(sink, 1, 0, 0, 0, 4, 0, 1);
    split(sink, 1, 0, 2);
    box(sink, 2, 1, 1, 0, 2, 0, 1);
    sink->leaf(sink->user, 2, VOUCH_LEAF_PROVED);
    const char *svg = write_picture(p, &picture, "missing");
    assert_non_null(strstr(svg, "1 proved, 1 open, 0 refuted"));
    /* the right half of the plot, 90..530 wide */
    assert_non_null(strstr(svg, "<path d=\"M310 70h220v420h-220z\" fill=\"url(#open)\"/>"));
    vouch_partition_free(p);
}

static void an_undecided_slice_hatches_over_a_proved_one(void **state)
{
    vouch_partition *p = vouch_partition_new(ctx, 3, 0, 2);
    const vouch_sink *sink = vouch_partition_sink(p);
    const vouch_partition_picture picture = {.title = "slices"};

    (void)state;
    box(sink, 1, 0, 0, 0, 4, 0, 1);
    split(sink, 1, 1, 0.5); /* along the dimension that is not drawn */
    box(sink, 2, 1, 1, 0, 4, 0, 1);
    box(sink, 3, 1, 1, 0, 4, 0, 1);
    sink->leaf(sink->user, 2, VOUCH_LEAF_OPEN);
    sink->leaf(sink->user, 3, VOUCH_LEAF_PROVED);
    const char *svg = write_picture(p, &picture, "slices");
    assert_int_equal(count(svg, hatched), 1);
    assert_true(strstr(svg, hatched) > strstr(svg, vouch_svg_green(0).text));
    vouch_partition_free(p);
}

static void clipping_leaves_proved_ground(void **state)
{
    vouch_partition *p = vouch_partition_new(ctx, 3, 0, 2);
    const vouch_sink *sink = vouch_partition_sink(p);
    const double low[3] = {1, 0, 0}, high[3] = {2, 1, 1};
    const double witness[3] = {1.5, 0, .5};
    const vouch_partition_picture picture = {.title = "<clip> & \"quote\"",
                                             .subtitle = "1 box",
                                             .label = {"distance (m)", "bearing (rad)"},
                                             .witness = witness};

    (void)state;
    box(sink, 1, 0, 0, 0, 4, 0, 1);
    sink->clip(sink->user, 1, low, high);
    sink->leaf(sink->user, 1, VOUCH_LEAF_REFUTED);
    const char *svg = write_picture(p, &picture, "clip");
    assert_non_null(strstr(svg, "&lt;clip&gt; &amp; &quot;quote&quot;"));
    assert_non_null(strstr(svg, "distance (m)"));
    assert_non_null(strstr(svg, "<rect x=\"200\" y=\"70\" width=\"110\" height=\"420\" "
                                "fill=\"#d7301f\""));
    assert_non_null(strstr(svg, "<circle cx=\"255\" cy=\"280\""));
    vouch_partition_free(p);
}

static void what_clipping_cut_off_is_coloured_and_explained(void **state)
{
    vouch_partition *p = vouch_partition_new(ctx, 3, 0, 2);
    const vouch_sink *sink = vouch_partition_sink(p);
    const double low[3] = {1, 0, 0}, high[3] = {4, 1, 1};
    const vouch_partition_picture picture = {.title = "clipped"};

    (void)state;
    box(sink, 1, 0, 0, 0, 4, 0, 1);
    sink->clip(sink->user, 1, low, high);
    split(sink, 1, 0, 2);
    box(sink, 2, 1, 1, 1, 2, 0, 1);
    box(sink, 3, 1, 1, 2, 4, 0, 1);
    sink->leaf(sink->user, 2, VOUCH_LEAF_PROVED);
    sink->leaf(sink->user, 3, VOUCH_LEAF_PROVED);
    const char *svg = write_picture(p, &picture, "clipped");
    const char *old = strstr(svg, "<rect x=\"90\" y=\"70\" width=\"440\" height=\"420\" fill=");
    assert_non_null(old); /* the whole box, below its parts */
    assert_true(old < strstr(svg, "<rect x=\"200\""));
    assert_non_null(strstr(svg, "proved, by clipping"));
    assert_int_equal(count(svg, hatched), 0);
    vouch_partition_free(p);
}

static void a_search_that_never_began_shows_the_property_and_the_witness(void **state)
{
    vouch_partition *p = vouch_partition_new(ctx, 3, 0, 2);
    const double witness[3] = {3, 0, 10};
    const vouch_partition_picture picture = {
        .title = "attack", .witness = witness, .low = {2, 0}, .high = {4, 20}};

    (void)state;
    const char *svg = write_picture(p, &picture, "attack");
    assert_non_null(strstr(svg, "<path d=\"M90 70h440v420h-440z\" fill=\"url(#open)\"/>"));
    assert_non_null(strstr(svg, "<circle cx=\"310\" cy=\"280\""));
    assert_non_null(strstr(svg, ">2.4</text>"));
    assert_null(strstr(svg, "proved, by split depth"));
    vouch_partition_free(p);
}

/* A quadtree refined around a circle, to look at. */
static uint64_t refine(const vouch_sink *sink, uint64_t *next, uint64_t parent, int depth,
                       const double b[4])
{
    uint64_t id = (*next)++;
    double x = (b[0] + b[1]) / 2, y = (b[2] + b[3]) / 2, r = hypot(x, y);
    int along = depth % 2;

    box(sink, id, parent, depth, b[0], b[1], b[2], b[3]);
    if (fabs(r - 1) > b[1] - b[0] + b[3] - b[2]) {
        sink->leaf(sink->user, id, VOUCH_LEAF_PROVED);
    } else if (depth == 11) {
        sink->leaf(sink->user, id,
                   x > 0 && y > 0 && x < .1 ? VOUCH_LEAF_REFUTED
                   : y < 0                  ? VOUCH_LEAF_OPEN
                                            : VOUCH_LEAF_PROVED);
    } else {
        double below[4] = {b[0], along ? b[1] : x, b[2], along ? y : b[3]};
        double above[4] = {along ? b[0] : x, b[1], along ? y : b[2], b[3]};
        split(sink, id, along ? 2 : 0, along ? y : x);
        refine(sink, next, id, depth + 1, below);
        refine(sink, next, id, depth + 1, above);
    }
    return id;
}

static void equal_inputs_give_equal_bytes(void **state)
{
    const double b[4] = {-2, 2, -2, 2}, witness[3] = {.05, 0, 1};
    const vouch_partition_picture picture = {.title = "circle: VIOLATED",
                                             .subtitle = "example.onnx, width heuristic",
                                             .label = {"x (m)", "y (m)"},
                                             .witness = witness};
    const char *svg[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        vouch_partition *p = vouch_partition_new(ctx, 3, 0, 2);
        uint64_t next = 1;
        refine(vouch_partition_sink(p), &next, 0, 0, b);
        svg[i] = write_picture(p, &picture, "circle");
        vouch_partition_free(p);
    }
    assert_string_equal(svg[0], svg[1]);
}

static vouch_status add_boxes(vouch_context *child, void *shared, int worker)
{
    (void)child;
    for (uint64_t i = 0; i < 2000; i++)
        box(shared, 1 + i * 4 + (uint64_t)worker, 0, 1, 0, 1, (double)i, (double)i + 1);
    return VOUCH_OK;
}

static void workers_may_record_at_once(void **state)
{
    vouch_partition *p = vouch_partition_new(ctx, 3, 0, 2);
    vouch_sink sink = *vouch_partition_sink(p);
    const vouch_partition_picture picture = {.title = "workers"};

    (void)state;
    assert_int_equal(vouch_workers_run(ctx, 4, add_boxes, &sink), VOUCH_OK);
    const char *svg = write_picture(p, &picture, "workers");
    assert_non_null(strstr(svg, "0 proved, 8000 open, 0 refuted"));
    vouch_partition_free(p);
}

static void a_picture_that_runs_out_of_memory_does_not_stop_the_search(void **state)
{
    vouch_test_memory memory = {0};
    const vouch_allocator allocator = vouch_test_allocator(&memory);
    vouch_context *small = vouch_context_new(&allocator);
    vouch_partition *p = vouch_partition_new(small, 3, 0, 2);
    const vouch_partition_picture picture = {.title = "short of memory"};

    (void)state;
    assert_non_null(p);
    for (uint64_t i = 0; i < 1000; i++) {
        if (i == 256)
            memory.fail_at = memory.requests + 1, memory.fail_on = true;
        box(vouch_partition_sink(p), i + 1, 0, 0, 0, 1, (double)i, (double)i + 1);
    }
    memory.fail_on = false;
    memory.fail_at = 0;
    assert_non_null(strstr(write_picture(p, &picture, "memory"), "744 more boxes"));
    vouch_partition_free(p);
    vouch_context_free(small);
    assert_int_equal(memory.live, 0);
}

static void equal_or_absent_dimensions_are_refused(void **state)
{
    (void)state;
    assert_null(vouch_partition_new(ctx, 3, 1, 1));
    assert_non_null(strstr(vouch_context_error(ctx), "two different input dimensions"));
    vouch_context_clear_error(ctx);
    assert_null(vouch_partition_new(ctx, 3, 0, 3));
    vouch_context_clear_error(ctx);
    assert_null(vouch_partition_new(ctx, 3, -1, 0));
}

static void an_unwritable_picture_names_its_file(void **state)
{
    vouch_partition *p = vouch_partition_new(ctx, 2, 0, 1);
    const vouch_partition_picture picture = {.title = "nowhere"};

    (void)state;
    assert_int_equal(vouch_partition_write(ctx, p, &picture, "/nonexistent/x.svg"),
                     VOUCH_ERR_IO);
    assert_non_null(strstr(vouch_context_error(ctx), "/nonexistent/x.svg"));
    vouch_partition_free(p);
}

static void the_widest_dimensions_are_found(void **state)
{
    const double low[4] = {0, 0, 0, 0}, high[4] = {1, 5, 0, 7};
    int64_t dims[2];

    (void)state;
    vouch_partition_widest(4, low, high, dims);
    assert_int_equal(dims[0], 1);
    assert_int_equal(dims[1], 3);
    vouch_partition_widest(1, low, high, dims);
    assert_int_equal(dims[1], -1);
}

static void ticks_are_round(void **state)
{
    double tick[VOUCH_TICKS_MAX];

    (void)state;
    assert_int_equal(vouch_axis_ticks(0, 60000, 6, tick), 7);
    assert_true(tick[1] == 10000);
    assert_int_equal(vouch_axis_ticks(-0.31, 0.29, 6, tick), 6);
    assert_true(tick[3] == 0 && !signbit(tick[3]));
    assert_int_equal(vouch_axis_ticks(1, 1, 6, tick), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_proved_partition_shows_no_hatching_and_no_red),
        T(parts_nobody_took_up_are_hatched),
        T(an_undecided_slice_hatches_over_a_proved_one),
        T(clipping_leaves_proved_ground),
        T(what_clipping_cut_off_is_coloured_and_explained),
        T(a_search_that_never_began_shows_the_property_and_the_witness),
        T(equal_inputs_give_equal_bytes),
        T(workers_may_record_at_once),
        T(a_picture_that_runs_out_of_memory_does_not_stop_the_search),
        T(equal_or_absent_dimensions_are_refused),
        T(an_unwritable_picture_names_its_file),
        T(the_widest_dimensions_are_found),
        T(ticks_are_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
