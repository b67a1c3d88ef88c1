/* Help texts, generated from the command and option tables. */
#include "cli/help.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/text.h"

enum { OPTION_COLUMN = 25, COMMAND_COLUMN = 14 };

void vouch_cli_option_spelling(const vouch_option *row, char *text, size_t size)
{
    if (row->type == VOUCH_OPTION_FLAG)
        snprintf(text, size, "--%s%s", row->number != 0 ? "no-" : "", row->name);
    else
        snprintf(text, size, "--%s %s", row->name, row->argument ? row->argument : "VALUE");
}

void vouch_cli_option_default(const vouch_option *row, char *text, size_t size)
{
    const bool word = row->type == VOUCH_OPTION_TEXT || row->type == VOUCH_OPTION_CHOICE;
    text[0] = '\0';
    if (row->type == VOUCH_OPTION_FLAG)
        return; /* the spelling says it: --no-name where it is on */
    if (word)
        snprintf(text, size, "%s%s", row->text ? "default " : "", row->text ? row->text : "");
    else if (isnan(row->number)) /* it has to be given */
        text[0] = '\0';
    else if (isinf(row->number))
        snprintf(text, size, "default none");
    else
        snprintf(text, size, "default %s", vouch_cli_real(row->number).text);
}

void vouch_cli_option_text(const vouch_option *row, char *text, size_t size)
{
    char otherwise[64];
    const char *name = NULL;
    const bool off = row->type == VOUCH_OPTION_FLAG && row->number != 0;
    vouch_cli_option_default(row, otherwise, sizeof otherwise);
    int used = snprintf(text, size, "%s%s", off ? "without " : "", row->help);
    for (size_t i = 0; row->choices != NULL && row->choices(i, &name); i++) {
        if (used >= 0 && (size_t)used < size)
            used += snprintf(text + used, size - (size_t)used, "%s%s", i ? ", " : ": ", name);
    }
    if (*otherwise != '\0' && used >= 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, " (%s)", otherwise);
}

static void put_option(FILE *out, const vouch_option *row)
{
    char spelling[64], text[1024];
    vouch_cli_option_spelling(row, spelling, sizeof spelling);
    vouch_cli_option_text(row, text, sizeof text);
    int at = fprintf(out, "  %-*s ", OPTION_COLUMN - 3, spelling);
    if (at > OPTION_COLUMN) {
        fprintf(out, "\n%*s", OPTION_COLUMN, "");
        at = OPTION_COLUMN;
    }
    vouch_cli_wrap(out, text, OPTION_COLUMN, at);
}

static void put_paragraphs(FILE *out, const char *text)
{
    char paragraph[2048];
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        const size_t length = end ? (size_t)(end - text) : strlen(text);
        snprintf(paragraph, sizeof paragraph, "%.*s", (int)length, text);
        vouch_cli_wrap(out, paragraph, 0, 0);
        fputc('\n', out);
        text += length + (end ? 2 : 0);
    }
}

static void put_lines(FILE *out, const char *text)
{
    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        fprintf(out, "  %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

const char *vouch_cli_exit_meaning(int code)
{
    static const char *const meaning[] = {
        "done; any verdict of verify",
        "done, but not as required: --require not met, a verdict that contradicts the expected "
        "one, a point that is no witness",
        "wrong usage",
        "bad input, or a file that cannot be read or written; standard error has one line that "
        "says what and where",
        "out of memory, or a defect of vouch",
        "ended by SIGINT or SIGTERM; what was known by then is written. An interrupted verify "
        "has "
        "a verdict, unknown, and exits with 0",
    };
    const int count = (int)(sizeof meaning / sizeof *meaning);
    return code < count ? meaning[code] : NULL;
}

static void put_parts(FILE *out, const vouch_command *command)
{
    const vouch_command *const *part = command->parts;
    if (part != NULL)
        fprintf(out, "what follows 'vouch %s', each with --help:\n", command->name);
    for (; part != NULL && *part != NULL; part++) {
        const int at =
            fprintf(out, "  %-*s", COMMAND_COLUMN - 2, vouch_command_part_name(command, *part));
        vouch_cli_wrap(out, (*part)->summary, COMMAND_COLUMN, at);
    }
    if (part != NULL)
        fputc('\n', out);
}

void vouch_cli_help_command(FILE *out, const vouch_command *command)
{
    fprintf(out, "vouch %s: %s\n\nusage: vouch %s [options] %s\n\n", command->name,
            command->summary, command->name, command->arguments);
    put_paragraphs(out, command->description);
    put_parts(out, command);
    fputs("options:\n", out);
    for (int i = VOUCH_CLI_TABLES - 1; i >= 0; i--) {
        const vouch_cli_table table = vouch_command_options(command, i);
        for (size_t k = 0; table.count != NULL && k < *table.count; k++)
            put_option(out, &table.rows[k]);
    }
    if (command->examples != NULL) {
        fputs("\nexamples:\n", out);
        put_lines(out, command->examples);
    }
}

void vouch_cli_help_all(FILE *out)
{
    fputs("vouch: verifies neural networks, rigorously\n\nusage: vouch COMMAND [options] "
          "[arguments]\n\ncommands:\n",
          out);
    for (const vouch_command *const *c = vouch_command_table(); *c != NULL; c++)
        fprintf(out, "  %-*s%s\n", COMMAND_COLUMN - 2, (*c)->name, (*c)->summary);
    fputs("\n'vouch COMMAND --help' shows a command's options; 'vouch --version' the version.\n"
          "\nexit codes:\n",
          out);
    for (int code = 0; vouch_cli_exit_meaning(code) != NULL; code++) {
        const int at = fprintf(out, "  %d  ", code);
        vouch_cli_wrap(out, vouch_cli_exit_meaning(code), at, at);
    }
}
