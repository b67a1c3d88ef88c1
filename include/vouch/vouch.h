/* The C interface of vouch: does a neural network satisfy a property?
 *
 * Four kinds of objects, all opaque:
 *
 *   vouch_context    memory, error text, cancellation, progress (vouch/context.h)
 *   vouch_network    a network, read from ONNX or .nnet
 *   vouch_property   what is asked of one network, read from VNN-LIB
 *   vouch_result     the answer: verdict, witness, figures
 *
 * The usual course (examples/verify.c has it in full):
 *
 *     vouch_context *ctx = vouch_context_new(NULL);
 *     vouch_status s = vouch_network_load(ctx, "net.onnx", &network);
 *     if (!s) s = vouch_property_load(ctx, network, "safe.vnnlib", &property);
 *     if (!s) s = vouch_network_verify(ctx, network, property, NULL, 0, &result);
 *     if (s) fprintf(stderr, "%s\n", vouch_context_error(ctx));
 *     else puts(vouch_verdict_name(vouch_result_verdict(result)));
 *
 * Errors. Every function that can fail returns a vouch_status; VOUCH_OK is 0. On failure the
 * context holds one line of text that says what is wrong and where, and the object asked for is
 * NULL. A status is not a verdict: "unknown" is an answer and comes with VOUCH_OK.
 *
 * Ownership. What a *_load, *_parse or *_verify function made is given back by the *_free of
 * its kind; NULL is fine there. An object must be freed before the context it was made with.
 * Texts and arrays that a function returns belong to the object asked and live as long as it.
 *
 * Threads. A context serves one thread at a time. A network and a property do not change once
 * loaded: several threads may verify with them at once, each with a context of its own.
 */
#ifndef VOUCH_VOUCH_H
#define VOUCH_VOUCH_H

#include <stdint.h>

#include <vouch/context.h>
#include <vouch/status.h>
#include <vouch/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the library in use, "0.1.0". */
const char *vouch_version(void);

/* ---- networks -------------------------------------------------------------------------- */

typedef struct vouch_network vouch_network;

/* Reads a network and checks that every operator in it is supported.
 *
 * path names an .onnx or .nnet file, plain or gzipped. An unsupported operator is
 * VOUCH_ERR_UNSUPPORTED and the text names operator and node. */
vouch_status vouch_network_load(vouch_context *ctx, const char *path, vouch_network **network);
void vouch_network_free(vouch_network *network);

/* Numbers of inputs and outputs (tensors flattened, in file order), and of weights. */
int64_t vouch_network_inputs(const vouch_network *network);
int64_t vouch_network_outputs(const vouch_network *network);
int64_t vouch_network_parameters(const vouch_network *network);
/* SHA-256 of the uncompressed file, 64 lower-case hexadecimal digits. */
const char *vouch_network_sha256(const vouch_network *network);

/* Computes the outputs at one input, in the precision of single floats as an ONNX runtime does.
 * input and output have vouch_network_inputs and vouch_network_outputs elements. */
vouch_status vouch_network_evaluate(vouch_context *ctx, const vouch_network *network,
                                    const double *input, double *output);

/* ---- properties ------------------------------------------------------------------------ */

typedef struct vouch_property vouch_property;

/* Reads a VNN-LIB property (1.0 or 2.0, plain or gzipped) for the given network.
 *
 * Its input and output variables must be as many as the network has. The property may be used
 * with this network or one of the same inputs and outputs. */
vouch_status vouch_property_load(vouch_context *ctx, const vouch_network *network,
                                 const char *path, vouch_property **property);
/* The same from a text in memory; name is what error texts call it. The text is copied. */
vouch_status vouch_property_parse(vouch_context *ctx, const vouch_network *network,
                                  const char *name, const char *text, size_t size,
                                  vouch_property **property);
void vouch_property_free(vouch_property *property);

/* ---- verification ---------------------------------------------------------------------- */

/* One setting: {"timeout", "60"}, {"threads", "2"}, {"split", "auto"}. The names and values are
 * those of the options of the command `vouch verify`, without the dashes; a flag takes "true"
 * or "false". */
typedef struct vouch_setting {
    const char *name;
    const char *value;
} vouch_setting;

/* Name and help of setting number index (0, 1, ...); false past the last one. */
bool vouch_setting_describe(size_t index, const char **name, const char **help);

typedef struct vouch_result vouch_result;

/* Decides the property, or gives up at a limit of the settings.
 *
 * settings may be NULL when setting_count is 0: the defaults. An unknown name or a value out of
 * range is VOUCH_ERR_ARGUMENT. When the context is cancelled (vouch_context_cancel, from a
 * signal handler or another thread) the call soon returns VOUCH_OK with the verdict "unknown",
 * or with the one already found. */
vouch_status vouch_network_verify(vouch_context *ctx, const vouch_network *network,
                                  const vouch_property *property, const vouch_setting *settings,
                                  size_t setting_count, vouch_result **result);
void vouch_result_free(vouch_result *result);

vouch_verdict vouch_result_verdict(const vouch_result *result);
/* Why the verdict is unknown or timeout, or a remark; "" if there is nothing to say. */
const char *vouch_result_reason(const vouch_result *result);

/* Of the verdict sat: an input that the property asks for, and the network's output there (as
 * the nearest doubles). NULL for every other verdict. Sizes as vouch_network_inputs and
 * vouch_network_outputs give them. */
const double *vouch_result_witness(const vouch_result *result);
const double *vouch_result_witness_output(const vouch_result *result);

/* How much work it was: input boxes bounded, the first one included; deepest split; seconds of
 * wall and CPU time. */
uint64_t vouch_result_subproblems(const vouch_result *result);
int vouch_result_depth(const vouch_result *result);
double vouch_result_seconds(const vouch_result *result);
double vouch_result_cpu_seconds(const vouch_result *result);
/* Share of the input volume that is proved, 0 to 1. */
double vouch_result_proved_share(const vouch_result *result);

#ifdef __cplusplus
}
#endif

#endif
