/* Tokens of VNN-LIB texts. See lexer.h. */
#include "spec/lexer.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

void vouch_lexer_init(vouch_lexer *lexer, const char *text, size_t size)
{
    *lexer = (vouch_lexer){.at = text, .end = text + size, .line = 1};
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* byte order mark */
        lexer->at += 3;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool ends_word(char c)
{
    switch (c) {
    case '(':
    case ')':
    case '[':
    case ']':
    case ',':
    case ';':
    case '"':
        return true;
    default:
        return is_blank(c);
    }
}

static void new_line(vouch_lexer *l)
{
    if (l->line < INT_MAX)
        l->line++;
}

static void skip_blanks(vouch_lexer *l)
{
    bool comment = false;

    for (; l->at < l->end; l->at++) {
        if (*l->at == '\n') {
            new_line(l);
            comment = false;
        } else if (*l->at == ';') {
            comment = true;
        } else if (!comment && !is_blank(*l->at)) {
            return;
        }
    }
}

static vouch_token_kind single_kind(char c)
{
    switch (c) {
    case '(':
        return VOUCH_TOKEN_OPEN;
    case ')':
        return VOUCH_TOKEN_CLOSE;
    case '[':
        return VOUCH_TOKEN_BRACKET;
    case ']':
        return VOUCH_TOKEN_BRACKET_END;
    case ',':
        return VOUCH_TOKEN_COMMA;
    default:
        return VOUCH_TOKEN_WORD;
    }
}

static vouch_token read_string(vouch_lexer *l)
{
    vouch_token token = {VOUCH_TOKEN_STRING, ++l->at, 0, l->line};

    for (; l->at < l->end && *l->at != '"'; l->at++) {
        if (*l->at == '\\' && l->at + 1 < l->end)
            l->at++;
        if (*l->at == '\n')
            new_line(l);
    }
    token.length = (size_t)(l->at - token.text);
    if (l->at == l->end)
        token.kind = VOUCH_TOKEN_UNCLOSED;
    else
        l->at++;
    return token;
}

vouch_token vouch_lexer_next(vouch_lexer *l)
{
    vouch_token token;

    skip_blanks(l);
    token = (vouch_token){VOUCH_TOKEN_END, l->at, 0, l->line};
    if (l->at == l->end)
        return token;
    if (*l->at == '"')
        return read_string(l);
    token.kind = single_kind(*l->at);
    l->at++;
    if (token.kind == VOUCH_TOKEN_WORD)
        while (l->at < l->end && !ends_word(*l->at))
            l->at++;
    token.length = (size_t)(l->at - token.text);
    return token;
}

bool vouch_token_is(const vouch_token *token, const char *word)
{
    return token->kind == VOUCH_TOKEN_WORD && strlen(word) == token->length &&
           memcmp(word, token->text, token->length) == 0;
}

const char *vouch_token_show(const vouch_token *token, char text[VOUCH_TOKEN_TEXT])
{
    enum { SHOWN = 32 };
    size_t n = token->length < SHOWN ? token->length : SHOWN, at = 0;

    if (token->kind == VOUCH_TOKEN_END) {
        (void)snprintf(text, VOUCH_TOKEN_TEXT, "the end of the file");
        return text;
    }
    text[at++] = '\'';
    for (size_t i = 0; i < n; i++) {
        char c = token->text[i];

        text[at++] = c >= ' ' && c <= '~' ? c : '?';
    }
    (void)snprintf(text + at, VOUCH_TOKEN_TEXT - at, "%s'", n < token->length ? "..." : "");
    return text;
}
