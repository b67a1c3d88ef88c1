/* Tokens of VNN-LIB texts: parentheses, brackets, commas, strings and words, with their lines.
 *
 * A word is a longest run of characters that are none of these and no blank: keywords, names,
 * numbers, "<=" and "<2.0>" alike. A comment runs from ';' to the end of its line.
 */
#ifndef VOUCH_SPEC_LEXER_H
#define VOUCH_SPEC_LEXER_H

#include <stdbool.h>
#include <stddef.h>

typedef enum vouch_token_kind {
    VOUCH_TOKEN_END = 0,
    VOUCH_TOKEN_OPEN,
    VOUCH_TOKEN_CLOSE,
    VOUCH_TOKEN_BRACKET,     /* [ */
    VOUCH_TOKEN_BRACKET_END, /* ] */
    VOUCH_TOKEN_COMMA,
    VOUCH_TOKEN_STRING,   /* text without its quotes */
    VOUCH_TOKEN_UNCLOSED, /* a string without closing quote */
    VOUCH_TOKEN_WORD
} vouch_token_kind;

typedef struct vouch_token {
    vouch_token_kind kind;
    const char *text; /* not terminated */
    size_t length;
    int line;
} vouch_token;

typedef struct vouch_lexer {
    const char *at, *end;
    int line;
} vouch_lexer;

void vouch_lexer_init(vouch_lexer *lexer, const char *text, size_t size);
vouch_token vouch_lexer_next(vouch_lexer *lexer);
bool vouch_token_is(const vouch_token *token, const char *word);

/* The token for an error message: quoted, cut, unprintable bytes as '?'. Returns text. */
enum { VOUCH_TOKEN_TEXT = 48 };
const char *vouch_token_show(const vouch_token *token, char text[VOUCH_TOKEN_TEXT]);

#endif
