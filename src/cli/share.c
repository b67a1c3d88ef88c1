/* Shares of points with Wilson's intervals. */
#include "cli/share.h"

#include "eval/binomial.h"

double vouch_cli_percent(int64_t hits, int64_t of)
{
    return of > 0 ? 100 * (double)hits / (double)of : 0;
}

vouch_cli_number vouch_cli_interval(int64_t hits, int64_t of)
{
    vouch_cli_number out;
    double end[2];
    vouch_wilson(hits, of, end);
    snprintf(out.text, sizeof out.text, "%.2f to %.2f", 100 * end[0], 100 * end[1]);
    return out;
}

void vouch_cli_put_share(FILE *out, int width, const char *label, int64_t hits, int64_t of)
{
    fprintf(out, "%-*s %s of %s, %.2f %% (95 %%: %s)\n", width, label,
            vouch_cli_count((uint64_t)hits).text, vouch_cli_count((uint64_t)of).text,
            vouch_cli_percent(hits, of), vouch_cli_interval(hits, of).text);
}

void vouch_cli_add_share(vouch_context *ctx, json_t *parent, const char *name, int64_t hits,
                         int64_t of)
{
    char interval[64];
    double end[2];
    vouch_wilson(hits, of, end);
    snprintf(interval, sizeof interval, "%s_interval", name);
    (void)vouch_json_add_int(ctx, parent, name, hits);
    (void)vouch_json_add_reals(ctx, parent, interval, end, 2);
}
