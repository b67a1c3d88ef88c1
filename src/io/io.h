/* Reading and writing networks and files. `.gz` is opened transparently everywhere. */
#ifndef VOUCH_IO_IO_H
#define VOUCH_IO_IO_H

#include "graph/graph.h"

/* A whole file in memory, one byte longer than size and NUL-terminated. */
typedef struct vouch_file {
    char *data;
    size_t size;
    char sha256[65]; /* of the uncompressed bytes, lower-case hex */
} vouch_file;

/* Reads path (gunzipped if its bytes are gzip), refusing more than limit uncompressed bytes
 * with VOUCH_ERR_LIMIT, and gzip that grows as only a bomb does. Where path does not exist and path.gz does, that is read. Freed by the
 * arena. */
vouch_status vouch_file_read(vouch_arena *arena, const char *path, size_t limit,
                             vouch_file *file);
enum { VOUCH_FILE_LIMIT_MIB = 2048, VOUCH_PROPERTY_LIMIT_MIB = 256 };

/* Writes the file atomically: a temporary beside it, fsync, rename. */
vouch_status vouch_file_write(vouch_context *ctx, const char *path, const void *data,
                              size_t size);
/* The same of several blocks, one after the other. */
typedef struct vouch_block {
    const void *data;
    size_t size;
} vouch_block;
vouch_status vouch_file_write_blocks(vouch_context *ctx, const char *path,
                                     const vouch_block *block, int count);
/* The same piece by piece: nothing is seen at path before commit. path outlives it. Discard, always
 * at the end, removes what was not committed. */
typedef struct vouch_out {
    vouch_context *ctx;
    const char *path;
    char *name; /* of the temporary; NULL: written in place, or committed */
    int fd;
} vouch_out;
vouch_status vouch_out_open(vouch_context *ctx, const char *path, vouch_out *out);
vouch_status vouch_out_put(vouch_out *out, const void *data, size_t size);
vouch_status vouch_out_commit(vouch_out *out);
void vouch_out_discard(vouch_out *out);
/* Removes what writers of that file left beside it when they were killed. */
void vouch_file_sweep(vouch_context *ctx, const char *path);
/* Writes all bytes to an open file; path is for messages. */
vouch_status vouch_file_put(vouch_context *ctx, const char *path, int fd, const void *data,
                            size_t size);
/* The hash of the bytes in lower-case hex. */
void vouch_sha256(const void *data, size_t size, char hex[65]);

/* Reads a network by its content and name (.onnx, .nnet, each also .gz). The graph is not bound
 * to operators yet. sha256 may be NULL, else char[65]. */
vouch_status vouch_network_read(vouch_context *ctx, const char *path, vouch_graph **graph,
                                char *sha256);
/* From memory: source is for messages. Tensors that the model keeps in other files are an error
 * here; vouch_network_read looks for them in the model's folder. */
vouch_status vouch_onnx_parse(vouch_context *ctx, const char *source, const void *data,
                              size_t size, vouch_graph **graph);
vouch_status vouch_nnet_parse(vouch_context *ctx, const char *source, const char *text,
                              size_t size, vouch_graph **graph);
/* Writes an ONNX file (opset of the graph, raw tensor data). Attributes that are floats become
 * float32, as ONNX has them. Types of outputs are those that binding found: before it, the file
 * can be read by vouch but lacks what ONNX's checker asks for. */
vouch_status vouch_onnx_write(vouch_context *ctx, const vouch_graph *graph, const char *path);
/* The bytes of that file, in the arena. */
vouch_status vouch_onnx_pack(vouch_arena *arena, const vouch_graph *graph, void **data,
                             size_t *size);

/* An ONNX TensorProto file (the node tests' data): name may be NULL. */
vouch_status vouch_onnx_tensor_parse(vouch_arena *arena, const char *source, const void *data,
                                     size_t size, vouch_tensor **tensor);

#endif
