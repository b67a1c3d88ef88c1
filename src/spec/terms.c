/* Terms: numbers, variables and + - * / of terms, as linear expressions on the stack. */
#include "spec/parser.h"

static vouch_status too_long(vouch_parser *p)
{
    return vouch_parser_fail(p, VOUCH_ERR_LIMIT, "the exact value of a constant is too long");
}

static vouch_status bad_number(vouch_parser *p, vouch_decimal_fault fault)
{
    char text[VOUCH_TOKEN_TEXT];

    vouch_token_show(&p->token, text);
    switch (fault) {
    case VOUCH_DECIMAL_TOO_LONG:
        return vouch_parser_fail(p, VOUCH_ERR_LIMIT, "number %s has over %d characters", text,
                                 VOUCH_DECIMAL_LENGTH_MAX);
    case VOUCH_DECIMAL_EXPONENT:
        return vouch_parser_fail(p, VOUCH_ERR_LIMIT, "number %s has an exponent beyond +-%d",
                                 text, VOUCH_DECIMAL_EXPONENT_MAX);
    case VOUCH_DECIMAL_OK:
    case VOUCH_DECIMAL_NOT_A_NUMBER:
        break;
    }
    return vouch_parser_fail(p, VOUCH_ERR_PARSE, "%s is not a number", text);
}

static vouch_status read_number(vouch_parser *p)
{
    const vouch_number *number;
    vouch_decimal_fault fault;
    vouch_status status =
        vouch_number_read(&p->numbers, p->token.text, p->token.length, &number, &fault);

    if (fault)
        return bad_number(p, fault);
    VOUCH_TRY(status);
    VOUCH_TRY(vouch_linear_push(&p->linear, VOUCH_LINEAR_CONSTANT, &number->exact));
    vouch_parser_next(p);
    return VOUCH_OK;
}

/* ---- operators ----------------------------------------------------------------------- */

typedef enum term_operator { ADD = 1, SUBTRACT, MULTIPLY, DIVIDE } term_operator;

static term_operator operator_of(const vouch_token *token)
{
    if (token->kind != VOUCH_TOKEN_WORD || token->length != 1)
        return 0;
    switch (token->text[0]) {
    case '+':
        return ADD;
    case '-':
        return SUBTRACT;
    case '*':
        return MULTIPLY;
    case '/':
        return DIVIDE;
    default:
        return 0;
    }
}

/* Joins the run [base, middle) so far and the operand [middle, top). */
static vouch_status join(vouch_parser *p, term_operator op, size_t base, size_t middle)
{
    const char *fault = NULL;

    switch (op) {
    case ADD:
        return VOUCH_OK;
    case SUBTRACT:
        vouch_linear_negate(&p->linear, middle);
        return VOUCH_OK;
    case MULTIPLY:
        vouch_linear_collapse(&p->linear, middle);
        if (!vouch_linear_multiply(&p->linear, base, middle))
            return vouch_parser_fail(
                p, VOUCH_ERR_UNSUPPORTED,
                "non-linear arithmetic is not supported: a product of variables");
        break;
    case DIVIDE:
        vouch_linear_collapse(&p->linear, middle);
        vouch_linear_divide(&p->linear, base, middle, &fault);
        if (fault)
            return vouch_parser_fail(p, VOUCH_ERR_UNSUPPORTED, "%s is not supported", fault);
        break;
    }
    return p->linear.too_long ? too_long(p) : VOUCH_OK;
}

/* The operands after the operator, up to and with ")". */
static vouch_status read_operands(vouch_parser *p, term_operator op)
{
    size_t base = p->linear.count;
    int operands = 0;

    for (; p->token.kind != VOUCH_TOKEN_CLOSE; operands++) {
        size_t middle = p->linear.count;

        if (p->token.kind == VOUCH_TOKEN_END)
            return vouch_parser_unexpected(p, "')'");
        VOUCH_TRY(vouch_parser_term(p));
        if (operands > 0)
            VOUCH_TRY(join(p, op, base, middle));
        else if (op == MULTIPLY || op == DIVIDE)
            vouch_linear_collapse(&p->linear, base);
    }
    if (operands == 0 || (operands == 1 && op == DIVIDE))
        return vouch_parser_unexpected(p, "a term");
    if (operands == 1 && op == SUBTRACT)
        vouch_linear_negate(&p->linear, base);
    if (p->linear.too_long)
        return too_long(p);
    vouch_parser_next(p);
    return VOUCH_OK;
}

static vouch_status read_operation(vouch_parser *p)
{
    char text[VOUCH_TOKEN_TEXT];
    term_operator op;

    VOUCH_TRY(vouch_parser_enter(p));
    vouch_parser_next(p);
    op = operator_of(&p->token);
    if (!op && p->token.kind == VOUCH_TOKEN_WORD)
        return vouch_parser_fail(p, VOUCH_ERR_UNSUPPORTED,
                                 "operator %s is not supported in a term (expected + - * /)",
                                 vouch_token_show(&p->token, text));
    if (!op)
        return vouch_parser_unexpected(p, "an operator (+ - * /)");
    vouch_parser_next(p);
    VOUCH_TRY(read_operands(p, op));
    p->depth--;
    return VOUCH_OK;
}

static bool begins_number(const vouch_token *token)
{
    char c = token->text[0];

    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.';
}

vouch_status vouch_parser_term(vouch_parser *p)
{
    int64_t variable;

    if (p->token.kind == VOUCH_TOKEN_OPEN)
        return read_operation(p);
    if (p->token.kind != VOUCH_TOKEN_WORD)
        return vouch_parser_unexpected(p, "a number, a variable or '('");
    if (begins_number(&p->token))
        return read_number(p);
    VOUCH_TRY(vouch_parser_variable(p, &variable));
    return vouch_linear_push_variable(&p->linear, variable);
}
