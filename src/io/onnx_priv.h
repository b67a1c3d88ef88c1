/* What the files of the ONNX reader and writer share. */
#ifndef VOUCH_IO_ONNX_PRIV_H
#define VOUCH_IO_ONNX_PRIV_H

#include <onnx.pb-c.h>

#include "io/io_priv.h"

enum { VOUCH_OPSET_MIN = 2, VOUCH_OPSET_MAX = 22 };

/* Checks the wire format of a message of that type. */
vouch_status vouch_onnx_scan(vouch_context *ctx, const char *source, const void *data,
                             size_t size, const ProtobufCMessageDescriptor *type);
/* Scans and unpacks into the arena; *message lives as long as the arena. */
vouch_status vouch_onnx_unpack(vouch_arena *arena, const char *source, const void *data,
                               size_t size, const ProtobufCMessageDescriptor *type,
                               ProtobufCMessage **message);

/* One model being read. */
typedef struct vouch_onnx_reader {
    vouch_context *ctx;
    const char *source;   /* for messages */
    const char *folder;   /* that external data may come from; NULL: none may */
    vouch_arena *scratch; /* the unpacked message and everything temporary */
    vouch_arena *arena;   /* the graph's */
    vouch_graph_builder *builder;
    const Onnx__GraphProto *graph;
    const char **initialiser; /* names of them all, sorted */
} vouch_onnx_reader;

/* Our name of an ONNX element type, and what it is read as (0: not supported). */
vouch_dtype vouch_onnx_dtype(int32_t data_type);
const char *vouch_onnx_dtype_name(int32_t data_type);

/* A TensorProto as a tensor in r->arena; what ("initialiser 'w'") is for messages. */
vouch_status vouch_onnx_tensor(const vouch_onnx_reader *r, const Onnx__TensorProto *proto,
                               const char *what, vouch_tensor **tensor);
/* NaN is an error, and so is an infinity, except where every use of `value` (NULL: no value)
 * gives it a meaning. */
vouch_status vouch_onnx_check_finite(const vouch_onnx_reader *r, const vouch_tensor *tensor,
                                     const char *what, const char *value);
/* size bytes that the tensor keeps in a file of its own; into r->scratch. */
vouch_status vouch_onnx_external(const vouch_onnx_reader *r, const Onnx__TensorProto *proto,
                                 const char *what, size_t size, const uint8_t **data);

/* Is every use of the value one where an infinity has a meaning (a bound of Clip, the filling
 * of Pad)? */
bool vouch_onnx_infinite_allowed(const vouch_onnx_reader *r, const char *value);

/* Adds a node of the file to the graph; a Constant becomes an initialiser. */
vouch_status vouch_onnx_node(const vouch_onnx_reader *r, const Onnx__NodeProto *proto);

#endif
