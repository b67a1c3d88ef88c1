/* A look at the wire format before anything is unpacked.
 *
 * Problem: the protobuf library recurses once per nested message, so a few kilobytes of nested
 * length prefixes exhaust the stack; and of malformed bytes it says only that they are. Method:
 * walk the bytes along the message descriptors, allocating nothing, with limits on depth and on
 * the numbers of fields and of packed integers: each costs memory of its own, up to a hundred
 * times the bytes it takes in the file, and those may be a bomb uncompressed. What this walk
 * accepts, the library unpacks; what it refuses has a byte offset.
 *
 * Wire format (protobuf encoding guide): a field is a tag, a varint of number << 3 | type, then
 * a varint (type 0), 8 bytes (1), a length and so many bytes (2), or 4 bytes (5). Groups (3, 4)
 * do not occur in ONNX.
 */
#include <string.h>

#include "io/onnx_priv.h"

enum {
    DEPTH_MAX = 64,       /* ONNX itself nests about ten deep */
    FIELD_MAX = 1 << 23,  /* of one file: some 300,000 nodes with all they need */
    PACKED_MAX = 1 << 27, /* integers of typed data that are not raw; 8 bytes each unpacked */
};

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_LENGTH = 2, WIRE_32 = 5 };

typedef struct scan {
    vouch_context *ctx;
    const char *source;
    const uint8_t *data; /* the whole file */
    size_t at;           /* where the walk is */
    size_t fields, packed;
} scan;

typedef struct field {
    uint32_t number;
    int wire;
    size_t begin; /* of the tag */
    size_t body;  /* of what follows tag and length */
    size_t size;  /* of the body */
} field;

static vouch_status too_many(const scan *s, const char *what, int limit)
{
    return vouch_fail(s->ctx, VOUCH_ERR_LIMIT, "%s: byte %zu: more than %d %s", s->source,
                      s->at, limit, what);
}

static vouch_status malformed(const scan *s, size_t at, const char *what)
{
    return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: %s", s->source, at, what);
}

/* A varint that must end before `end`; at most ten bytes, of the tenth only one bit. */
static vouch_status take_varint(scan *s, size_t end, uint64_t *value)
{
    size_t begin = s->at;

    *value = 0;
    for (unsigned shift = 0; s->at < end; shift += 7) {
        uint8_t byte = s->data[s->at++];
        if (shift > 63)
            return malformed(s, begin, "a number is longer than 64 bits");
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return VOUCH_OK;
    }
    return malformed(s, begin, "truncated field");
}

static vouch_status take_bytes(scan *s, size_t end, uint64_t size, field *f)
{
    if (size > end - s->at)
        return malformed(s, f->begin, "truncated field");
    f->body = s->at;
    f->size = (size_t)size;
    s->at += f->size;
    return VOUCH_OK;
}

static vouch_status take_field(scan *s, size_t end, field *f)
{
    uint64_t tag = 0;
    uint64_t value = 0;

    f->begin = s->at;
    if (++s->fields > FIELD_MAX)
        return too_many(s, "fields", FIELD_MAX);
    VOUCH_TRY(take_varint(s, end, &tag));
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return malformed(s, f->begin, "not a field number (is this an ONNX file?)");
    f->number = (uint32_t)(tag >> 3);
    f->wire = (int)(tag & 7);
    switch (f->wire) {
    case WIRE_VARINT:
        f->body = s->at;
        VOUCH_TRY(take_varint(s, end, &value));
        f->size = s->at - f->body;
        return VOUCH_OK;
    case WIRE_64:
        return take_bytes(s, end, 8, f);
    case WIRE_LENGTH:
        VOUCH_TRY(take_varint(s, end, &value));
        return take_bytes(s, end, value, f);
    case WIRE_32:
        return take_bytes(s, end, 4, f);
    default:
        return malformed(s, f->begin, "unknown wire type (is this an ONNX file?)");
    }
}

static int wire_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return WIRE_32;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return WIRE_64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_LENGTH;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return WIRE_VARINT;
}

/* Repeated numbers written as one block. */
static vouch_status scan_packed(scan *s, const field *f, int wire)
{
    size_t unit = wire == WIRE_32 ? 4 : wire == WIRE_64 ? 8 : 1;
    size_t end = f->body + f->size;
    uint64_t value = 0;

    if (f->size % unit)
        return malformed(s, f->begin, "packed numbers end in the middle of one");
    if (wire != WIRE_VARINT)
        return VOUCH_OK;
    s->at = f->body;
    while (s->at < end) {
        if (++s->packed > PACKED_MAX)
            return too_many(s, "packed integers", PACKED_MAX);
        VOUCH_TRY(take_varint(s, end, &value));
    }
    return VOUCH_OK;
}

static vouch_status scan_message(scan *s, size_t end, const ProtobufCMessageDescriptor *type,
                                 int depth);

/* A field that the format defines: has it the wire type of its definition? */
static vouch_status scan_known(scan *s, const field *f, const ProtobufCFieldDescriptor *known,
                               int depth)
{
    int wire = wire_of(known->type);

    if (known->label == PROTOBUF_C_LABEL_REPEATED && wire != WIRE_LENGTH &&
        f->wire == WIRE_LENGTH)
        return scan_packed(s, f, wire);
    if (f->wire != wire)
        return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: field '%s' has wire type %d",
                          s->source, f->begin, known->name, f->wire);
    if (known->type != PROTOBUF_C_TYPE_MESSAGE)
        return VOUCH_OK;
    if (depth == DEPTH_MAX)
        return vouch_fail(s->ctx, VOUCH_ERR_LIMIT,
                          "%s: byte %zu: messages nested more than %d deep", s->source,
                          f->begin, (int)DEPTH_MAX);
    s->at = f->body;
    return scan_message(s, f->body + f->size, known->descriptor, depth + 1);
}

/* Protobuf merges a message that is there twice into one, at a cost that grows with the square
 * of the repetitions; no writer makes such files, so they are refused. */
static vouch_status check_once(const scan *s, const field *f,
                               const ProtobufCFieldDescriptor *known, unsigned index,
                               uint64_t *seen)
{
    uint64_t bit = (uint64_t)1 << index % 64;

    if (known->type != PROTOBUF_C_TYPE_MESSAGE || known->label == PROTOBUF_C_LABEL_REPEATED)
        return VOUCH_OK;
    if (*seen & bit)
        return vouch_fail(s->ctx, VOUCH_ERR_PARSE, "%s: byte %zu: field '%s' is there twice",
                          s->source, f->begin, known->name);
    *seen |= bit;
    return VOUCH_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX bounds it */
static vouch_status scan_message(scan *s, size_t end, const ProtobufCMessageDescriptor *type,
                                 int depth)
{
    uint64_t seen = 0;

    while (s->at < end) {
        field f = {0};
        VOUCH_TRY(take_field(s, end, &f));
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(type, f.number);
        if (!known)
            continue;
        VOUCH_TRY(check_once(s, &f, known, (unsigned)(known - type->fields), &seen));
        VOUCH_TRY(scan_known(s, &f, known, depth));
    }
    return VOUCH_OK;
}

vouch_status vouch_onnx_scan(vouch_context *ctx, const char *source, const void *data,
                             size_t size, const ProtobufCMessageDescriptor *type)
{
    scan s = {.ctx = ctx, .source = source, .data = data};

    if (size == 0)
        return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s: the file is empty", source);
    return scan_message(&s, size, type, 1);
}

/* The library frees one by one what it allocated; here everything goes with the arena. */
static void *arena_alloc(void *user, size_t size)
{
    vouch_arena *arena = user;

    return vouch_arena_alloc(arena, size);
}

static void arena_ignore(void *user, void *block)
{
    (void)user;
    (void)block;
}

vouch_status vouch_onnx_unpack(vouch_arena *arena, const char *source, const void *data,
                               size_t size, const ProtobufCMessageDescriptor *type,
                               ProtobufCMessage **message)
{
    vouch_context *ctx = vouch_arena_context(arena);
    ProtobufCAllocator allocator = {arena_alloc, arena_ignore, arena};

    *message = NULL;
    VOUCH_TRY(vouch_onnx_scan(ctx, source, data, size, type));
    *message = protobuf_c_message_unpack(type, &allocator, size, data);
    if (*message)
        return VOUCH_OK;
    if (vouch_context_status(ctx) == VOUCH_ERR_MEMORY)
        return VOUCH_ERR_MEMORY;
    return vouch_fail(ctx, VOUCH_ERR_PARSE, "%s: not a valid %s", source, type->short_name);
}
