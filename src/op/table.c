/* The table of operators, made from op.def. */
#include "op/op_priv.h"

#define VOUCH_OP(name) extern const vouch_op vouch_op_##name;
#include "op/op.def"
#undef VOUCH_OP

#define VOUCH_OP(name) &vouch_op_##name,
static const vouch_op *const table[] = {
#include "op/op.def"
    NULL};
#undef VOUCH_OP

const vouch_op *const *vouch_op_table(void) { return table; }

const vouch_op *vouch_op_find(const char *type, int64_t opset)
{
    for (const vouch_op *const *op = table; *op; op++)
        if (strcmp((*op)->name, type) == 0 && opset >= (*op)->since && opset <= (*op)->until)
            return *op;
    return NULL;
}
