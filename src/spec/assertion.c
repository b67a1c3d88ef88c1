/* Formulas of assertions: and, or, not over comparisons, read into negation normal form.
 *
 * A negation is carried down while reading: it swaps `and` with `or` and turns every comparison
 * into its opposite, so no node for it is ever made.
 */
#include "spec/parser.h"

static const struct {
    const char *name;
    vouch_comparison op;
} comparisons[] = {
    {"<=", VOUCH_COMPARE_LE}, {">=", VOUCH_COMPARE_GE},       {"<", VOUCH_COMPARE_LT},
    {">", VOUCH_COMPARE_GT},  {"==", VOUCH_COMPARE_EQ},       {"=", VOUCH_COMPARE_EQ},
    {"!=", VOUCH_COMPARE_NE}, {"distinct", VOUCH_COMPARE_NE},
};

static vouch_comparison comparison_of(const vouch_token *word)
{
    for (size_t i = 0; i < sizeof comparisons / sizeof comparisons[0]; i++)
        if (vouch_token_is(word, comparisons[i].name))
            return comparisons[i].op;
    return 0;
}

static vouch_status read_comparison(vouch_parser *p, vouch_comparison op, int line, int *node)
{
    size_t base = p->linear.count, middle;

    VOUCH_TRY(vouch_parser_term(p));
    middle = p->linear.count;
    VOUCH_TRY(vouch_parser_term(p));
    if (p->token.kind != VOUCH_TOKEN_CLOSE)
        return vouch_parser_unexpected(p, "')' after the two sides of a comparison");
    vouch_linear_negate(&p->linear, middle);
    return vouch_formula_compare(&p->formula, &p->linear, base, op, line, node);
}

static vouch_status read_connective(vouch_parser *p, vouch_formula_kind kind, bool negated,
                                    int line, int *node)
{
    int last = -1;

    VOUCH_TRY(vouch_formula_add(&p->formula, kind, line, node));
    while (p->token.kind != VOUCH_TOKEN_CLOSE || last < 0) {
        int child;

        VOUCH_TRY(vouch_parser_formula(p, negated, &child));
        vouch_formula_append(&p->formula, *node, child, &last);
    }
    return VOUCH_OK;
}

/* What stands between "(" and ")". */
static vouch_status read_inside(vouch_parser *p, bool negated, int *node)
{
    vouch_token word = p->token;
    vouch_comparison op = comparison_of(&word);
    char text[VOUCH_TOKEN_TEXT];

    if (word.kind != VOUCH_TOKEN_WORD)
        return vouch_parser_unexpected(p, "and, or, not or a comparison");
    vouch_parser_next(p);
    if (op)
        return read_comparison(p, negated ? vouch_comparison_not(op) : op, word.line, node);
    if (vouch_token_is(&word, "and"))
        return read_connective(p, negated ? VOUCH_FORMULA_OR : VOUCH_FORMULA_AND, negated,
                               word.line, node);
    if (vouch_token_is(&word, "or"))
        return read_connective(p, negated ? VOUCH_FORMULA_AND : VOUCH_FORMULA_OR, negated,
                               word.line, node);
    if (vouch_token_is(&word, "not"))
        return vouch_parser_formula(p, !negated, node);
    return vouch_spec_fail(p->ctx, p->spec->source, word.line, VOUCH_ERR_PARSE,
                           "expected and, or, not or a comparison, found %s",
                           vouch_token_show(&word, text));
}

vouch_status vouch_parser_formula(vouch_parser *p, bool negated, int *node)
{
    bool is_true = vouch_token_is(&p->token, "true");

    *node = -1;
    if (is_true || vouch_token_is(&p->token, "false")) {
        VOUCH_TRY(vouch_formula_add(
            &p->formula, is_true != negated ? VOUCH_FORMULA_TRUE : VOUCH_FORMULA_FALSE,
            p->token.line, node));
        vouch_parser_next(p);
        return VOUCH_OK;
    }
    if (p->token.kind != VOUCH_TOKEN_OPEN)
        return vouch_parser_unexpected(p, "a formula in parentheses");
    VOUCH_TRY(vouch_parser_enter(p));
    vouch_parser_next(p);
    VOUCH_TRY(read_inside(p, negated, node));
    p->depth--;
    return vouch_parser_expect(p, VOUCH_TOKEN_CLOSE, "')'");
}
