/* vouch eval-point: evaluates a network at one point, in float32, in float64, and as an
 * interval that holds the value over the real numbers. Meant for checking witnesses. */
#include <inttypes.h>
#include <math.h>

#include "attack/falsify.h"
#include "cli/command.h"
#include "cli/enclose.h"
#include "cli/load.h"
#include "cli/point.h"
#include "cli/text.h"

typedef struct eval_cli {
    const char *spec;
} eval_cli;

static const vouch_option rows[] = {
    {.name = "spec",
     .argument = "SPEC",
     .help = "say whether the point is a witness of this property's `sat`; exit with 1 if not",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(eval_cli, spec)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

typedef struct values {
    double *single, *precise; /* computed in float32 and in float64 */
    double *end[2];           /* the exact value lies in [end[0], end[1]] */
} values;

static vouch_status evaluate(const vouch_cli_call *call, const vouch_cli_network *net,
                             const double *x, values *y)
{
    const double *const box[2] = {x, x};
    bool empty = false;
    double **all[] = {&y->single, &y->precise, &y->end[0], &y->end[1]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        *all[i] = VOUCH_NEW_ARRAY(call->arena, double, net->outputs);
        if (*all[i] == NULL)
            return VOUCH_ERR_MEMORY;
    }
    VOUCH_TRY(vouch_op_eval_graph(call->ctx, net->graph, VOUCH_F32, x, y->single));
    VOUCH_TRY(vouch_op_eval_graph(call->ctx, net->graph, VOUCH_F64, x, y->precise));
    return vouch_cli_enclose(call->ctx, call->arena, net->graph, vouch_domain_find("interval"),
                             box, y->end, &empty);
}

static void put_values(const vouch_cli_network *net, const vouch_cli_point *point,
                       const values *y)
{
    double apart = 0;
    printf("%-8s %-16s %-24s %s\n", "output", "float32", "float64", "over the reals");
    for (int64_t i = 0; i < net->outputs; i++) {
        char name[32], single[32];
        snprintf(name, sizeof name, "Y_%" PRId64, i);
        snprintf(single, sizeof single, "%.9g", y->single[i]);
        printf("%-8s %-16s %-24s [%s, %s]\n", name, single, vouch_cli_real(y->precise[i]).text,
               vouch_cli_real(y->end[0][i]).text, vouch_cli_real(y->end[1][i]).text);
        if (point->output != NULL)
            apart = fmax(apart, fabs(point->output[i] - y->precise[i]));
    }
    if (point->output != NULL)
        printf("the outputs given differ from float64 by at most %.3g\n", apart);
}

/* float32 evaluation rounds its inputs: say so where that moves the point. */
static void put_rounding(const vouch_cli_network *net, const double *x)
{
    int64_t moved = 0;
    for (int64_t i = 0; i < net->inputs; i++)
        moved += (double)(float)x[i] != x[i];
    if (moved > 0)
        printf("note: %" PRId64 " input%s no float32: float32 evaluation rounds %s first\n",
               moved, moved == 1 ? " is" : "s are", moved == 1 ? "it" : "them");
}

/* How far the point that was proved to be a witness lies from the one given: 0, or what
 * rounding to float32 explains, counts as the same point. */
static double distance(const vouch_cli_network *net, const double *x, const double *found)
{
    double apart = 0;
    for (int64_t i = 0; i < net->inputs; i++) {
        if (found[i] != (double)(float)x[i])
            apart = fmax(apart, fabs(found[i] - x[i]));
    }
    return apart;
}

/* Decided exactly; the witness check rounds to the input's type and clamps into the box, so
 * what it found is compared with what was asked. */
static vouch_status check_spec(const vouch_cli_call *call, const vouch_cli_network *net,
                               const vouch_spec *spec, const double *x, bool *witness)
{
    vouch_witness w = {.input = VOUCH_NEW_ARRAY(call->arena, double, net->inputs),
                       .output = VOUCH_NEW_ARRAY(call->arena, double, net->outputs)};
    int64_t between = 0;
    if (w.input == NULL || w.output == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_witness_check(call->ctx, call->arena, net->graph, spec,
                                  VOUCH_SEMANTICS_REAL, x, &w));
    const double apart = w.found ? distance(net, x, w.input) : 0;
    *witness = w.found && apart == 0;
    if (*witness)
        printf("witness: yes, case %d of %s holds at this point, over the reals\n",
               w.which_case + 1, spec->source);
    else
        printf("witness: no case of %s is shown to hold at this point\n", spec->source);
    if (w.found)
        VOUCH_TRY(vouch_witness_between(call->arena, net->graph, spec, VOUCH_SEMANTICS_REAL,
                                        w.which_case, &between));
    if (*witness && between > 0)
        printf("note: %" PRId64
               " input%s taken at the property's decimal, which is no number of "
               "the input's type\n",
               between, between == 1 ? " is" : "s are");
    if (apart > 0)
        printf("note: case %d holds at a point of the box that is %.3g away\n",
               w.which_case + 1, apart);
    return VOUCH_OK;
}

static vouch_status load_and_check(const vouch_cli_call *call, const vouch_cli_network *net,
                                   const double *x, bool *witness)
{
    const char *path = ((const eval_cli *)call->settings[1])->spec;
    vouch_cli_property property;
    vouch_status s =
        vouch_cli_property_load(call->ctx, call->arena, net->graph, path, &property);
    if (s == VOUCH_OK)
        s = check_spec(call, net, property.spec, x, witness);
    vouch_cli_property_free(&property);
    return s;
}

static vouch_status examine(const vouch_cli_call *call, vouch_cli_network *net, bool *witness)
{
    vouch_cli_point point;
    values y;
    VOUCH_TRY(vouch_cli_network_load(call->ctx, call->argument[0], net));
    VOUCH_TRY(vouch_cli_point_read(call->arena, call->argument[1], net->inputs, net->outputs,
                                   &point));
    VOUCH_TRY(evaluate(call, net, point.input, &y));
    put_rounding(net, point.input);
    put_values(net, &point, &y);
    if (((const eval_cli *)call->settings[1])->spec != NULL)
        return load_and_check(call, net, point.input, witness);
    return VOUCH_OK;
}

static vouch_exit run(const vouch_cli_call *call)
{
    vouch_cli_network net = {0};
    bool witness = true;
    const vouch_status s = examine(call, &net, &witness);
    vouch_cli_network_free(&net);
    if (s != VOUCH_OK)
        return vouch_cli_fail(call, s);
    return witness ? VOUCH_EXIT_OK : VOUCH_EXIT_UNMET;
}

const vouch_command vouch_command_eval_point = {
    .name = "eval-point",
    .summary = "evaluate a network at one point, to check a witness",
    .arguments = "NET POINT",
    .description =
        "Prints each output computed in float32 (as ONNX orders it), in float64, and as an "
        "interval that holds the exact value over the real numbers. POINT is a list of numbers "
        "separated by commas or spaces, a file of them, or a witness file as `vouch verify "
        "--witness` and VNN-COMP tools write it.",
    .examples = "vouch eval-point net.onnx 0.1,0.2,-0.3\n"
                "vouch eval-point net.onnx bad.txt --spec safe.vnnlib",
    .least = 2,
    .most = 2,
    .table = {{rows, &row_count, sizeof(eval_cli)}},
    .run = run,
};
