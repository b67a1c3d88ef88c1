/* Parsing a command line by a command's option tables.
 *
 * --name VALUE or --name=VALUE; flags --name and, where a flag is on by default, --no-name;
 * `--` ends the options; `-` and negative numbers are arguments. A name that no row has gets a
 * suggestion: the nearest one by edit distance with transpositions (Damerau 1964), if few
 * enough edits lead to it.
 */
#include "cli/parse.h"

#include <ctype.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 40 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Edits (insert, delete, replace, swap neighbours) from a to b; both are cut to the limit. */
static size_t edits(const char *a, const char *b)
{
    size_t row[3][NAME_MAX_LENGTH + 1];
    const size_t m = strnlen(a, NAME_MAX_LENGTH), n = strnlen(b, NAME_MAX_LENGTH);
    for (size_t j = 0; j <= n; j++)
        row[0][j] = row[2][j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= n; j++) {
            now[j] =
                least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return row[m % 3][n];
}

const char *vouch_cli_nearest(const char *text, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t fewest = 1 + strlen(text) / 4;
    for (size_t i = 0; i < count; i++) {
        const size_t d = edits(text, names[i]);
        if (d < fewest || (best == NULL && d == fewest)) {
            fewest = d;
            best = names[i];
        }
    }
    return best;
}

/* How the row is written on the command line: a flag that is on is only ever turned off. */
static const char *spelling(vouch_arena *arena, const vouch_option *row)
{
    const bool off = row->type == VOUCH_OPTION_FLAG && row->number != 0;
    return off ? vouch_arena_print(arena, "no-%s", row->name) : row->name;
}

static vouch_status unknown_option(vouch_cli_call *call, const char *name)
{
    size_t rows = 0;
    for (int i = 0; i < VOUCH_CLI_TABLES; i++) {
        const vouch_cli_table table = vouch_command_options(call->command, i);
        rows += table.count == NULL ? 0 : *table.count;
    }
    const char **names = VOUCH_NEW_ARRAY(call->arena, const char *, rows);
    if (names == NULL)
        return VOUCH_ERR_MEMORY;
    size_t n = 0;
    for (int i = 0; i < VOUCH_CLI_TABLES; i++) {
        const vouch_cli_table table = vouch_command_options(call->command, i);
        for (size_t k = 0; table.count != NULL && k < *table.count; k++) {
            names[n] = spelling(call->arena, &table.rows[k]);
            if (names[n++] == NULL)
                return VOUCH_ERR_MEMORY;
        }
    }
    const char *meant = vouch_cli_nearest(name, names, n);
    return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "unknown option --%s%s%s%s", name,
                      meant ? "; did you mean --" : "", meant ? meant : "", meant ? "?" : "");
}

typedef struct found {
    const vouch_option *row;
    int table;
    bool negated; /* --no-NAME */
} found;

static bool find_row(const vouch_cli_call *call, const char *name, found *out)
{
    for (int i = 0; i < VOUCH_CLI_TABLES; i++) {
        const vouch_cli_table table = vouch_command_options(call->command, i);
        for (size_t k = 0; table.count != NULL && k < *table.count; k++) {
            const vouch_option *row = &table.rows[k];
            const bool flag = row->type == VOUCH_OPTION_FLAG;
            const bool off =
                flag && strncmp(name, "no-", 3) == 0 && !strcmp(name + 3, row->name);
            if (off || strcmp(name, row->name) == 0) {
                *out = (found){row, i, off};
                return true;
            }
        }
    }
    return false;
}

/* Takes the option argv[*at] and moves *at to its last word. */
static vouch_status take_option(vouch_cli_call *call, int argc, char *const *argv, int *at)
{
    const char *word = argv[*at] + 2;
    const char *equals = strchr(word, '=');
    const size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const char *name = vouch_arena_text_n(call->arena, word, length);
    const char *value = equals ? equals + 1 : NULL;
    found f;
    if (name == NULL)
        return VOUCH_ERR_MEMORY;
    if (!find_row(call, name, &f))
        return unknown_option(call, name);
    if (f.row->type == VOUCH_OPTION_FLAG) {
        if (value != NULL)
            return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "--%s takes no value", name);
        value = f.negated ? "false" : "true";
    }
    if (value == NULL && *at + 1 < argc)
        value = argv[++*at];
    if (value == NULL)
        return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "--%s needs a value (%s)", name,
                          f.row->argument ? f.row->argument : "VALUE");
    call->given[f.table][f.row - vouch_command_options(call->command, f.table).rows] = true;
    return vouch_option_set(call->ctx, f.row, value, call->settings[f.table]);
}

/* "-0.5" is a number, "-" is standard input or output: neither is an option. */
static bool is_argument(const char *word)
{
    if (word[0] != '-' || word[1] == '\0')
        return true;
    return isdigit((unsigned char)word[1]) || word[1] == '.';
}

static vouch_status make_settings(vouch_cli_call *call)
{
    for (int i = 0; i < VOUCH_CLI_TABLES; i++) {
        const vouch_cli_table table = vouch_command_options(call->command, i);
        if (table.count == NULL)
            continue;
        call->settings[i] = vouch_arena_alloc(call->arena, table.size);
        call->given[i] = VOUCH_NEW_ARRAY(call->arena, bool, *table.count);
        if (call->settings[i] == NULL || call->given[i] == NULL)
            return VOUCH_ERR_MEMORY;
        vouch_options_default(table.rows, *table.count, call->settings[i]);
    }
    return VOUCH_OK;
}

static vouch_status check_count(const vouch_cli_call *call)
{
    const vouch_command *command = call->command;
    const bool help = ((const vouch_cli_common *)call->settings[0])->help;
    if (help ||
        (call->argument_count >= command->least && call->argument_count <= command->most))
        return VOUCH_OK;
    const bool few = call->argument_count < command->least;
    if (command->most == 0)
        return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "takes no arguments, got '%s'",
                          call->argument[0]);
    return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT, "too %s arguments: expected %s",
                      few ? "few" : "many", command->arguments);
}

vouch_status vouch_cli_parse(int argc, char *const *argv, vouch_cli_call *call)
{
    VOUCH_TRY(make_settings(call));
    const char **argument = VOUCH_NEW_ARRAY(call->arena, const char *, argc + 1);
    if (argument == NULL)
        return VOUCH_ERR_MEMORY;
    call->argument = argument;
    bool options = true;
    for (int i = 0; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0)
            options = false;
        else if (!options || is_argument(argv[i]))
            argument[call->argument_count++] = argv[i];
        else if (strcmp(argv[i], "-h") == 0)
            ((vouch_cli_common *)call->settings[0])->help = true;
        else if (argv[i][1] == '-')
            VOUCH_TRY(take_option(call, argc, argv, &i));
        else
            return vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                              "unknown option %s; options are written --name", argv[i]);
    }
    return check_count(call);
}
