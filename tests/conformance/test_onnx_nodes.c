/* ONNX's own operator cases, and ours for the opsets they do not cover, evaluated in float32.
 *
 * onnx_nodes.py makes the cases when the test runs. A case whose operators are all in the table
 * must give the expected outputs within ONNX's tolerances (rtol 1e-3, atol 1e-7), or be in the
 * list below with the reason why it cannot. Shapes, axes and parameters that a case passes as
 * inputs are made constants: that is what networks have.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/io.h"
#include "op/op.h"
#include "support/support.h"

/* Cases that are outside of what vouch claims: part of the name, and why. */
static const struct {
    const char *part, *reason;
} not_claimed[] = {
    {"_uint8", "8-bit integer arithmetic"},
    {"_int8", "8-bit integer arithmetic"},
    {"test_batchnorm_epsilon_training_mode", "training mode"},
    {"test_batchnorm_example_training_mode", "training mode"},
    {"test_training_dropout", "training mode"},
    {"test_maxpool_with_argmax", "MaxPool's second output"},
    {"test_layer_normalization", "LayerNormalization's other outputs"},
    {"test_pow_types_int", "integer powers"},
    {"test_reshape_allowzero_reordered", "an input without elements"},
    {"test_split_zero_size_splits", "an input without elements"},
    {"FLOAT16", "16-bit floats"},
    {"test_cast_FLOAT_to_STRING", "text"},
    {"test_range_float_type", "ends of a range that are computed"},
    {"_cubic", "cubic interpolation"},
    {"test_resize_tf_crop_and_resize", "a region of interest"},
    {"test_resize_downsample_scales_linear_align_corners", "a length that is no integer"},
    {"test_scatter_elements_with_duplicate_indices", "reduction 'add'"},
    {"test_scatternd_add", "reduction 'add'"},
    {"test_scatternd_multiply", "reduction 'mul'"},
};

typedef struct tally {
    int run, unclaimed, other; /* passed, in the list above, of other operators */
} tally;

static char folder[VOUCH_TEST_PATH];

static int generate(void **state)
{
    char script[VOUCH_TEST_PATH], command[4 * VOUCH_TEST_PATH];
    const char *python = getenv("VOUCH_PYTHON");
    (void)state;
    vouch_test_temp_dir(folder);
    vouch_test_source("tests/conformance/onnx_nodes.py", script);
    (void)snprintf(command, sizeof command, "%s '%s' '%s' >'%s/log' 2>&1",
                   python ? python : "/usr/bin/python3", script, folder, folder);
    if (system(command) == 0)
        return 0;
    (void)snprintf(command, sizeof command, "tail -5 '%s/log' >&2", folder);
    (void)!system(command);
    (void)fprintf(stderr, "the ONNX cases could not be made: is python3-onnx installed?\n");
    return -1;
}

static int clean_up(void **state)
{
    (void)state;
    vouch_test_remove_dir(folder);
    return 0;
}

/* ---- one case ---------------------------------------------------------------------------- */

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    char path[VOUCH_TEST_PATH]; /* of the case */
    vouch_graph *graph;
    const vouch_tensor *input[16];
    int kept; /* input that stays one; -1 = every float input */
} fixture;

/* test_data_set_0/KIND_k.pb, NULL where there is none. */
static vouch_tensor *read_data(fixture *f, const char *kind, int k)
{
    char path[VOUCH_TEST_PATH + 64];
    vouch_file file;
    vouch_tensor *tensor = NULL;
    (void)snprintf(path, sizeof path, "%s/test_data_set_0/%s_%d.pb", f->path, kind, k);
    if (vouch_file_read(f->arena, path, 1 << 26, &file) ||
        vouch_onnx_tensor_parse(f->arena, path, file.data, file.size, &tensor)) {
        vouch_context_clear_error(f->ctx);
        return NULL;
    }
    return tensor;
}

/* Reads the model and its inputs, and binds it. With `kept`, inputs other than that become
 * constants; integers always do. */
static vouch_status load(fixture *f)
{
    char path[VOUCH_TEST_PATH];
    int inputs = 0;
    vouch_test_join(f->path, "model.onnx", path);
    VOUCH_TRY(vouch_network_read(f->ctx, path, &f->graph, NULL));
    for (int i = 0; i < f->graph->input_count; i++) {
        vouch_value *v = &f->graph->value[f->graph->input[i]];
        const vouch_tensor *t = i < 16 ? read_data(f, "input", i) : NULL;
        if (!t)
            return VOUCH_ERR_IO;
        const bool is_float = t->dtype == VOUCH_F32 || t->dtype == VOUCH_F64;
        if (is_float && (f->kept < 0 || f->kept == i)) {
            v->shape = t->shape;
            f->input[inputs] = t;
            f->graph->input[inputs++] = f->graph->input[i];
        } else {
            v->constant = t;
        }
    }
    f->graph->input_count = inputs;
    return vouch_op_bind_graph(f->ctx, f->graph);
}

static bool all_operators_known(fixture *f)
{
    char path[VOUCH_TEST_PATH];
    vouch_graph *g = NULL;
    vouch_test_join(f->path, "model.onnx", path);
    bool known = vouch_network_read(f->ctx, path, &g, NULL) == VOUCH_OK;
    vouch_context_clear_error(f->ctx);
    for (int n = 0; known && n < g->node_count; n++)
        known = vouch_op_find(g->node[n].type, g->opset) && !g->node[n].domain[0];
    vouch_graph_free(g);
    return known;
}

static bool close_enough(const vouch_tensor *expected, const double *y)
{
    for (int64_t i = 0; i < expected->count; i++) {
        const double e = vouch_tensor_get(expected, i);
        if (!(fabs(y[i] - e) <= 1e-7 + 1e-3 * fabs(e)) && !(isinf(e) && y[i] == e))
            return false;
    }
    return true;
}

static bool compare(fixture *f, const double *y)
{
    for (int i = 0; i < f->graph->output_count; i++) {
        const vouch_value *v = &f->graph->value[f->graph->output[i]];
        const vouch_tensor *expected = read_data(f, "output", i);
        if (!expected || !vouch_shape_equal(&expected->shape, &v->shape) ||
            !close_enough(expected, y))
            return false;
        y += expected->count;
    }
    return true;
}

/* Evaluates and compares. */
static bool outputs_agree(fixture *f)
{
    const int64_t n = vouch_op_input_size(f->graph), m = vouch_op_output_size(f->graph);
    double *x = VOUCH_NEW_ARRAY(f->arena, double, n + 1);
    double *y = VOUCH_NEW_ARRAY(f->arena, double, m + 1);
    int64_t at = 0;
    for (int i = 0; i < f->graph->input_count; i++)
        for (int64_t k = 0; k < f->input[i]->count; k++)
            x[at++] = vouch_tensor_get(f->input[i], k);
    return vouch_op_eval_graph(f->ctx, f->graph, VOUCH_F32, x, y) == VOUCH_OK && compare(f, y);
}

/* With all float inputs varying; where parameters must be constant, with one input varying. */
static bool run_case(fixture *f)
{
    vouch_status status = VOUCH_ERR_INTERNAL;
    for (f->kept = -1; f->kept < 3; f->kept++) {
        vouch_context_clear_error(f->ctx);
        vouch_graph_free(f->graph);
        f->graph = NULL;
        status = load(f);
        if (status != VOUCH_ERR_UNSUPPORTED)
            break;
    }
    if (status == VOUCH_OK && outputs_agree(f))
        return true;
    print_error("%s: %s\n", strrchr(f->path, '/') + 1,
                status ? vouch_context_error(f->ctx) : "outputs differ");
    return false;
}

static const char *reason_against(const char *name)
{
    for (size_t i = 0; i < VOUCH_TEST_COUNT(not_claimed); i++)
        if (strstr(name, not_claimed[i].part))
            return not_claimed[i].reason;
    return NULL;
}

/* ---- all of a folder --------------------------------------------------------------------- */

static bool one(const char *parent, const char *name, tally *t)
{
    fixture f = {.ctx = vouch_test_context()};
    f.arena = vouch_arena_new(f.ctx);
    vouch_test_join(parent, name, f.path);
    const char *reason = reason_against(name);
    bool good = true;
    if (!all_operators_known(&f)) {
        t->other++;
        if (strstr(name, "_own_"))
            print_error("%s: operators unknown\n", name);
    } else if (reason) {
        print_message("skipped %s: %s\n", name, reason);
        t->unclaimed++;
    } else {
        good = run_case(&f);
        t->run++;
    }
    vouch_graph_free(f.graph);
    vouch_arena_free(f.arena);
    vouch_context_free(f.ctx);
    return good;
}

static tally run_folder(const char *sub)
{
    char path[VOUCH_TEST_PATH];
    struct dirent **entry;
    tally t = {0, 0, 0};
    int bad = 0;
    vouch_test_join(folder, sub, path);
    const int count = scandir(path, &entry, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        if (entry[i]->d_name[0] != '.')
            bad += !one(path, entry[i]->d_name, &t);
        free(entry[i]);
    }
    free(entry);
    print_message("%s: %d run, %d not claimed, %d of other operators\n", sub, t.run,
                  t.unclaimed, t.other);
    assert_int_equal(bad, 0);
    return t;
}

static void cases_of_onnx_give_the_expected_outputs(void **state)
{
    (void)state;
    assert_true(run_folder("node").run > 350);
}

static void cases_of_old_and_new_opsets_give_the_expected_outputs(void **state)
{
    (void)state;
    const tally t = run_folder("own");
    assert_true(t.run > 60);
    assert_int_equal(t.other, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_of_onnx_give_the_expected_outputs),
        cmocka_unit_test(cases_of_old_and_new_opsets_give_the_expected_outputs),
    };
    return cmocka_run_group_tests(tests, generate, clean_up);
}
