/* vouch completion: what bash, zsh and fish need to complete vouch's command lines, generated
 * from the command and option tables. */
#include <string.h>

#include "cli/command.h"
#include "cli/text.h"

static void put_flag(FILE *out, const vouch_option *row)
{
    const bool off = row->type == VOUCH_OPTION_FLAG && row->number != 0;
    fprintf(out, "%s%s", off ? "no-" : "", row->name);
}

static void put_names(FILE *out, bool (*names)(size_t, const char **))
{
    const char *name = NULL;
    for (size_t i = 0; names(i, &name); i++)
        fprintf(out, "%s%s", i ? " " : "", name);
}

static void put_commands(FILE *out)
{
    for (const vouch_command *const *c = vouch_command_table(); *c != NULL; c++)
        fprintf(out, "%s ", (*c)->name);
}

typedef void put_fn(FILE *out, const vouch_command *command, const vouch_option *row);

/* Calls put for the options that `from` has from table `first` on, as options of the command. */
static void each_row(FILE *out, const vouch_command *command, const vouch_command *from,
                     int first, put_fn *put)
{
    for (int i = first; i < VOUCH_CLI_TABLES; i++) {
        const vouch_cli_table table = vouch_command_options(from, i);
        for (size_t k = 0; table.count != NULL && k < *table.count; k++)
            put(out, command, &table.rows[k]);
    }
}

/* Calls put for every option of the command and of its parts. */
static void each_option(FILE *out, const vouch_command *command, put_fn *put)
{
    each_row(out, command, command, 0, put);
    for (const vouch_command *const *p = command->parts; p != NULL && *p != NULL; p++)
        each_row(out, command, *p, 1, put);
}

/* ---- bash -------------------------------------------------------------------------------- */

static void bash_value(FILE *out, const vouch_command *command, const vouch_option *row)
{
    if (row->choices == NULL)
        return;
    fprintf(out, "    '%s --%s') words='", command->name, row->name);
    put_names(out, row->choices);
    fputs("' ;;\n", out);
}

static void bash_name(FILE *out, const vouch_command *command, const vouch_option *row)
{
    (void)command;
    fputs("--", out);
    put_flag(out, row);
    fputc(' ', out);
}

static void put_bash(FILE *out)
{
    fputs("# bash completion for vouch, made by 'vouch completion bash'\n"
          "_vouch() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=''\n"
          "    local command=${COMP_WORDS[1]}\n"
          "    case \"$command $prev\" in\n",
          out);
    for (const vouch_command *const *c = vouch_command_table(); *c != NULL; c++)
        each_option(out, *c, bash_value);
    fputs("    esac\n    if [[ $COMP_CWORD -eq 1 ]]; then\n        words='", out);
    put_commands(out);
    fputs("--help --version'\n    elif [[ -z $words ]]; then\n"
          "        case \"$command ${cur:0:1}\" in\n",
          out);
    for (const vouch_command *const *c = vouch_command_table(); *c != NULL; c++) {
        fprintf(out, "        '%s -') words='", (*c)->name);
        each_option(out, *c, bash_name);
        fputs("' ;;\n", out);
        if ((*c)->words == NULL)
            continue;
        fprintf(out, "        '%s '*) words='", (*c)->name);
        put_names(out, (*c)->words);
        fputs("' ;;\n", out);
    }
    fputs("        esac\n    fi\n"
          "    if [[ -n $words ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
          "    else\n"
          "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
          "    fi\n"
          "}\ncomplete -o filenames -F _vouch vouch\n",
          out);
}

/* ---- zsh --------------------------------------------------------------------------------- */

/* Help text inside '[...]' of a zsh specification, inside single quotes. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void zsh_option(FILE *out, const vouch_command *command, const vouch_option *row)
{
    (void)command;
    const bool value = row->type != VOUCH_OPTION_FLAG;
    fputs(" \\\n        '--", out);
    put_flag(out, row);
    fputs(value ? "=[" : "[", out);
    zsh_text(out, row->help);
    fputc(']', out);
    if (value)
        fprintf(out, ":%s:", row->argument ? row->argument : "VALUE");
    if (row->choices != NULL) {
        fputc('(', out);
        put_names(out, row->choices);
        fputc(')', out);
    } else if (row->type == VOUCH_OPTION_TEXT) {
        fputs("_files", out);
    }
    fputc('\'', out);
}

static void put_zsh(FILE *out)
{
    fputs("#compdef vouch\n# zsh completion for vouch, made by 'vouch completion zsh'\n"
          "_vouch() {\n    if (( CURRENT == 2 )); then\n        compadd -- ",
          out);
    put_commands(out);
    fputs("--help --version\n        return\n    fi\n"
          "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
          "    case $command in\n",
          out);
    for (const vouch_command *const *c = vouch_command_table(); *c != NULL; c++) {
        fprintf(out, "    %s)\n        _arguments", (*c)->name);
        each_option(out, *c, zsh_option);
        if ((*c)->words != NULL) {
            fputs(" \\\n        '*:name:(", out);
            put_names(out, (*c)->words);
            fputs(")' ;;\n", out);
        } else {
            fputs(" \\\n        '*:file:_files' ;;\n", out);
        }
    }
    fputs("    esac\n}\n_vouch \"$@\"\n", out);
}

/* ---- fish -------------------------------------------------------------------------------- */

static void fish_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        fprintf(out, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void fish_option(FILE *out, const vouch_command *command, const vouch_option *row)
{
    fprintf(out, "complete -c vouch -n '__fish_seen_subcommand_from %s' -l ", command->name);
    put_flag(out, row);
    if (row->choices != NULL) {
        fputs(" -xa '", out);
        put_names(out, row->choices);
        fputc('\'', out);
    } else if (row->type != VOUCH_OPTION_FLAG) {
        fputs(row->type == VOUCH_OPTION_TEXT ? " -r" : " -x", out);
    }
    fputs(" -d '", out);
    fish_text(out, row->help);
    fputs("'\n", out);
}

static void put_fish(FILE *out)
{
    fputs("# fish completion for vouch, made by 'vouch completion fish'\n", out);
    for (const vouch_command *const *c = vouch_command_table(); *c != NULL; c++) {
        fprintf(out, "complete -c vouch -n __fish_use_subcommand -xa %s -d '", (*c)->name);
        fish_text(out, (*c)->summary);
        fputs("'\n", out);
        each_option(out, *c, fish_option);
        if ((*c)->words == NULL)
            continue;
        fprintf(out, "complete -c vouch -n '__fish_seen_subcommand_from %s' -xa '", (*c)->name);
        put_names(out, (*c)->words);
        fputs("'\n", out);
    }
}

/* ---- the command ------------------------------------------------------------------------- */

static const struct shell {
    const char *name;
    void (*put)(FILE *out);
} shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
enum { SHELLS = sizeof shells / sizeof *shells };

static bool shell_names(size_t index, const char **name)
{
    *name = index < SHELLS ? shells[index].name : NULL;
    return index < SHELLS;
}

static vouch_exit run(const vouch_cli_call *call)
{
    for (size_t i = 0; i < SHELLS; i++) {
        if (strcmp(call->argument[0], shells[i].name) == 0) {
            shells[i].put(stdout);
            return VOUCH_EXIT_OK;
        }
    }
    return vouch_cli_fail(call,
                          vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                                     "'%s' is not one of bash, zsh, fish", call->argument[0]));
}

const vouch_command vouch_command_completion = {
    .name = "completion",
    .summary = "write shell completion",
    .arguments = "bash|zsh|fish",
    .description = "Prints a completion script for the shell named.",
    .examples = "source <(vouch completion bash)",
    .least = 1,
    .most = 1,
    .words = shell_names,
    .run = run,
};
