#include <vouch/status.h>

const char *vouch_status_name(vouch_status status)
{
    switch (status) {
    case VOUCH_OK:
        return "ok";
    case VOUCH_ERR_MEMORY:
        return "out of memory";
    case VOUCH_ERR_IO:
        return "input or output failed";
    case VOUCH_ERR_PARSE:
        return "malformed input";
    case VOUCH_ERR_UNSUPPORTED:
        return "unsupported";
    case VOUCH_ERR_SHAPE:
        return "shapes do not fit";
    case VOUCH_ERR_VALUE:
        return "value out of range";
    case VOUCH_ERR_ARGUMENT:
        return "wrong argument";
    case VOUCH_ERR_LIMIT:
        return "limit passed";
    case VOUCH_ERR_CANCELLED:
        return "cancelled";
    case VOUCH_ERR_INTERNAL:
        return "internal error";
    }
    return "unknown status";
}
