/* vouch man: manual pages in troff, generated from the command and option tables. */
#include <ctype.h>
#include <string.h>

#include "cli/help.h"
#include "cli/output.h"
#include "cli/text.h"

typedef struct man_cli {
    const char *dir;
} man_cli;

static const vouch_option rows[] = {
    {.name = "dir",
     .argument = "DIR",
     .help = "write every page, vouch.1 and vouch-COMMAND.1, into this folder",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(man_cli, dir)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

/* Plain text as troff: `word` becomes bold, an empty line a new paragraph. */
static void put_text(FILE *out, const char *text)
{
    bool bold = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (p[0] == '\n' && p[1] == '\n') {
            fputs("\n.PP\n", out);
            p++;
        } else if (*p == '`') {
            fputs(bold ? "\\fR" : "\\fB", out);
            bold = !bold;
        } else if (*p == '\\') {
            fputs("\\e", out);
        } else if (*p == '-') {
            fputs("\\-", out);
        } else {
            if ((p == text || p[-1] == '\n') && (*p == '.' || *p == '\''))
                fputs("\\&", out);
            fputc(*p, out);
        }
    }
    fputc('\n', out);
}

static void put_heading(FILE *out, const char *name)
{
    fputs(".TH ", out);
    for (; *name != '\0'; name++)
        fputc(toupper((unsigned char)*name), out);
    fputs(" 1 \"\" \"vouch " VOUCH_VERSION "\" \"vouch manual\"\n", out);
}

static void put_option(FILE *out, const vouch_option *row)
{
    char spelling[64], text[1024];
    vouch_cli_option_spelling(row, spelling, sizeof spelling);
    vouch_cli_option_text(row, text, sizeof text);
    fputs(".TP\n\\fB", out);
    const size_t length = strcspn(spelling, " ");
    for (size_t i = 0; i < length; i++)
        fputs(spelling[i] == '-' ? "\\-" : (char[]){spelling[i], '\0'}, out);
    fprintf(out, "\\fR\\fI%s\\fR\n", spelling + length);
    put_text(out, text);
}

static void put_exit_codes(FILE *out)
{
    fputs(".SH EXIT STATUS\n", out);
    for (int code = 0; vouch_cli_exit_meaning(code) != NULL; code++) {
        fprintf(out, ".TP\n\\fB%d\\fR\n", code);
        put_text(out, vouch_cli_exit_meaning(code));
    }
}

static void put_options(FILE *out, const vouch_command *command)
{
    for (int i = VOUCH_CLI_TABLES - 1; i >= 0; i--) {
        const vouch_cli_table table = vouch_command_options(command, i);
        for (size_t k = 0; table.count != NULL && k < *table.count; k++)
            put_option(out, &table.rows[k]);
    }
}

/* A section of its parent's page. */
static void put_part(FILE *out, const vouch_command *part)
{
    fprintf(out, ".SH VOUCH %s\n\\fBvouch %s\\fR [options] %s\n.PP\n", part->name, part->name,
            part->arguments);
    put_text(out, part->description);
    put_options(out, part);
}

static void put_command(FILE *out, const vouch_command *command)
{
    char name[64];
    snprintf(name, sizeof name, "vouch-%s", command->name);
    put_heading(out, name);
    fprintf(out, ".SH NAME\nvouch\\-%s \\- %s\n.SH SYNOPSIS\n\\fBvouch %s\\fR [options] %s\n",
            command->name, command->summary, command->name, command->arguments);
    fputs(".SH DESCRIPTION\n", out);
    put_text(out, command->description);
    fputs(".SH OPTIONS\n", out);
    put_options(out, command);
    for (const vouch_command *const *p = command->parts; p != NULL && *p != NULL; p++)
        put_part(out, *p);
    put_exit_codes(out);
    if (command->examples != NULL) {
        fputs(".SH EXAMPLES\n.nf\n", out);
        put_text(out, command->examples);
        fputs(".fi\n", out);
    }
    fputs(".SH SEE ALSO\n\\fBvouch\\fR(1)\n", out);
}

static void put_overview(FILE *out)
{
    put_heading(out, "vouch");
    fputs(".SH NAME\nvouch \\- verifies neural networks, rigorously\n.SH SYNOPSIS\n"
          "\\fBvouch\\fR \\fICOMMAND\\fR [options] [arguments]\n.SH COMMANDS\n",
          out);
    for (const vouch_command *const *c = vouch_command_table(); *c != NULL; c++) {
        fprintf(out, ".TP\n\\fBvouch %s\\fR %s\n", (*c)->name, (*c)->arguments);
        put_text(out, (*c)->summary);
    }
    put_exit_codes(out);
    fputs(".SH SEE ALSO\n", out);
    for (const vouch_command *const *c = vouch_command_table(); *c != NULL; c++)
        fprintf(out, "\\fBvouch\\-%s\\fR(1)%s\n", (*c)->name, c[1] != NULL ? "," : "");
}

/* command NULL: the overview */
static void put_page(FILE *out, const vouch_command *command)
{
    if (command == NULL)
        put_overview(out);
    else
        put_command(out, command);
}

static vouch_status write_page(const vouch_cli_call *call, const char *dir,
                               const vouch_command *command)
{
    vouch_cli_output out;
    const char *path = vouch_arena_print(call->arena, "%s/vouch%s%s.1", dir, command ? "-" : "",
                                         command ? command->name : "");
    if (path == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_cli_output_open(call->arena, path, &out));
    put_page(out.stream, command);
    return vouch_cli_output_commit(call->ctx, &out);
}

static vouch_status write_pages(const vouch_cli_call *call, const char *dir)
{
    VOUCH_TRY(write_page(call, dir, NULL));
    for (const vouch_command *const *c = vouch_command_table(); *c != NULL; c++)
        VOUCH_TRY(write_page(call, dir, *c));
    return VOUCH_OK;
}

static vouch_exit run(const vouch_cli_call *call)
{
    const man_cli *cli = call->settings[1];
    const char *name = call->argument_count > 0 ? call->argument[0] : NULL;
    const vouch_command *command = name != NULL ? vouch_command_find(name) : NULL;
    vouch_status s = VOUCH_OK;
    if (name != NULL && command == NULL)
        s = vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "no command '%s'", name);
    else if (cli->dir != NULL)
        s = write_pages(call, cli->dir);
    else
        put_page(stdout, command);
    return s == VOUCH_OK ? VOUCH_EXIT_OK : vouch_cli_fail(call, s);
}

static bool command_names(size_t index, const char **name)
{
    const vouch_command *command = vouch_command_table()[index];
    *name = command != NULL ? command->name : NULL;
    return command != NULL;
}

const vouch_command vouch_command_man = {
    .name = "man",
    .summary = "write manual pages",
    .arguments = "[COMMAND]",
    .description = "Prints the manual page of a command, or of vouch as a whole, in troff; "
                   "`vouch man verify | man -l -` shows it.",
    .least = 0,
    .most = 1,
    .table = {{rows, &row_count, sizeof(man_cli)}},
    .words = command_names,
    .run = run,
};
