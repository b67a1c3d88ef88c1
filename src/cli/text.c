/* Small texts for people: numbers, wrapped paragraphs, one-line messages. */
#include "cli/text.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 79 };

vouch_cli_number vouch_cli_count(uint64_t n)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, n);
    vouch_cli_number out = {""};
    size_t k = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out.text[k++] = ',';
        out.text[k++] = digits[i];
    }
    out.text[k] = '\0';
    return out;
}

/* %g alone would write 2500 as 2.5e+03: two digits are all it needs. */
vouch_cli_number vouch_cli_real(double x)
{
    enum { LEAST_EXPONENT = -5, MOST_EXPONENT = 15 }; /* written out in between */
    vouch_cli_number out;
    int digits = 1;
    for (; digits <= 17; digits++) {
        snprintf(out.text, sizeof out.text, "%.*e", digits - 1, x);
        if (strtod(out.text, NULL) == x)
            break;
    }
    const char *e = strchr(out.text, 'e');
    const int exponent = e != NULL ? (int)strtol(e + 1, NULL, 10) : 0;
    if (!isfinite(x) || exponent < LEAST_EXPONENT || exponent > MOST_EXPONENT)
        snprintf(out.text, sizeof out.text, "%.*g", digits, x);
    else
        snprintf(out.text, sizeof out.text, "%.*f",
                 digits - 1 > exponent ? digits - 1 - exponent : 0, x);
    return out;
}

vouch_cli_number vouch_cli_setting(const vouch_option *row, const void *settings)
{
    const char *field = (const char *)settings + row->offset;
    vouch_cli_number out = {""};
    bool flag = false;
    int64_t integer = 0;
    double real = 0;
    const char *word = NULL;
    switch (row->type) {
    case VOUCH_OPTION_FLAG:
        memcpy(&flag, field, sizeof flag);
        snprintf(out.text, sizeof out.text, "%s", flag ? "true" : "false");
        break;
    case VOUCH_OPTION_INT:
        memcpy(&integer, field, sizeof integer);
        snprintf(out.text, sizeof out.text, "%" PRId64, integer);
        break;
    case VOUCH_OPTION_REAL:
        memcpy(&real, field, sizeof real);
        return vouch_cli_real(real);
    case VOUCH_OPTION_TEXT:
    case VOUCH_OPTION_CHOICE:
        memcpy(&word, field, sizeof word);
        snprintf(out.text, sizeof out.text, "%s", word != NULL ? word : "");
        break;
    }
    return out;
}

const char *vouch_cli_setting_text(vouch_arena *arena, const vouch_option *row,
                                   const void *settings)
{
    const char *word = NULL;
    if (row->type != VOUCH_OPTION_TEXT && row->type != VOUCH_OPTION_CHOICE)
        return vouch_arena_text(arena, vouch_cli_setting(row, settings).text);
    memcpy(&word, (const char *)settings + row->offset, sizeof word);
    return word ? word : "";
}

const char *vouch_cli_plural(int64_t n) { return n == 1 ? "" : "s"; }

vouch_cli_number vouch_cli_seconds(double s)
{
    vouch_cli_number out;
    if (isinf(s))
        snprintf(out.text, sizeof out.text, "no limit");
    else
        snprintf(out.text, sizeof out.text, "%.*f s", s < 10 ? 3 : s < 100 ? 2 : 1, s);
    return out;
}

void vouch_cli_wrap(FILE *out, const char *text, int indent, int at)
{
    for (bool first = true; *text != '\0'; first = false) {
        const int length = (int)strcspn(text, " \n");
        if (!first && at + 1 + length > COLUMNS) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, (size_t)length, out);
        at += length;
        text += length;
        text += strspn(text, " \n");
    }
    fputc('\n', out);
}

void vouch_cli_complain(const vouch_cli_call *call)
{
    const char *text = vouch_context_error(call->ctx);
    fputs("vouch", stderr);
    if (call->command != NULL)
        fprintf(stderr, " %s", call->command->name);
    fputs(": ", stderr);
    /* a name in the message may hold anything; the message stays one line */
    for (; *text != '\0'; text++)
        fputc(iscntrl((unsigned char)*text) ? '?' : *text, stderr);
    if (vouch_context_status(call->ctx) == VOUCH_ERR_ARGUMENT && call->command != NULL)
        fprintf(stderr, " (see 'vouch %s --help')", call->command->name);
    fputc('\n', stderr);
}

vouch_exit vouch_cli_exit(vouch_status status)
{
    switch (status) {
    case VOUCH_OK:
        return VOUCH_EXIT_OK;
    case VOUCH_ERR_CANCELLED:
        return VOUCH_EXIT_INTERRUPTED;
    case VOUCH_ERR_ARGUMENT:
        return VOUCH_EXIT_USAGE;
    case VOUCH_ERR_MEMORY:
    case VOUCH_ERR_INTERNAL:
        return VOUCH_EXIT_FAILED;
    case VOUCH_ERR_IO:
    case VOUCH_ERR_PARSE:
    case VOUCH_ERR_UNSUPPORTED:
    case VOUCH_ERR_SHAPE:
    case VOUCH_ERR_VALUE:
    case VOUCH_ERR_LIMIT:
        return VOUCH_EXIT_INPUT;
    }
    return VOUCH_EXIT_FAILED;
}

vouch_exit vouch_cli_fail(const vouch_cli_call *call, vouch_status status)
{
    if (vouch_context_status(call->ctx) == VOUCH_OK)
        (void)vouch_fail(call->ctx, status, "%s", vouch_status_name(status));
    vouch_cli_complain(call);
    return vouch_cli_exit(status);
}

vouch_exit vouch_cli_finish(const vouch_cli_call *call, vouch_exit otherwise)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return otherwise;
    if (otherwise != VOUCH_EXIT_OK && otherwise != VOUCH_EXIT_UNMET)
        return otherwise; /* one error, one line */
    const vouch_status s = vouch_fail(call->ctx, VOUCH_ERR_IO, "standard output: %s",
                                      strerror(errno ? errno : EIO));
    return vouch_cli_fail(call, s);
}
