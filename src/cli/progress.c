/* The progress line on a terminal's standard error: redrawn in place, at most ten times a
 * second, with one write(2), and only where somebody sees it. Workers may report at the same
 * time: who finds the line busy leaves it, for the next report comes soon. */
#include "cli/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/text.h"

enum { COLUMNS_UNKNOWN = 80, COLUMNS_MAX = 200 };
static const char wipe[] = "\r\033[K";

static size_t columns(void)
{
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0)
        return COLUMNS_UNKNOWN;
    return window.ws_col < COLUMNS_MAX ? window.ws_col : COLUMNS_MAX;
}

/* One line, cut where it would wrap. */
static void put(const char *text)
{
    char line[sizeof wipe + COLUMNS_MAX];
    const size_t most = sizeof wipe - 1 + columns();
    const int n = snprintf(line, most, "%s%s", wipe, text);
    const size_t length = n < 0 ? 0 : (size_t)n < most ? (size_t)n : most - 1;
    if (write(STDERR_FILENO, line, length) < 0)
        return; /* nobody to tell */
}

static int put_clock(char *text, size_t size, double s)
{
    const long whole = lround(s);
    return snprintf(text, size, "%ld:%02ld", whole / 60, whole % 60);
}

/* "vouch: partition 12,345 done, 67 open, 45.1 % proved, 3.2 k/s, 0:03 of 1:56" */
static void describe(const char *prefix, const vouch_progress *p, char *text, size_t size)
{
    char now[24], limit[24], share[32] = "", rate[32] = "";
    put_clock(now, sizeof now, p->elapsed_s);
    put_clock(limit, sizeof limit, isfinite(p->limit_s) ? p->limit_s : 0);
    if (!isnan(p->proved_share))
        snprintf(share, sizeof share, ", %.1f %% proved", 100 * p->proved_share);
    if (p->elapsed_s > 0 && p->done > 0)
        snprintf(rate, sizeof rate, ", %.1f k/s", (double)p->done / p->elapsed_s / 1000);
    const bool limited = isfinite(p->limit_s) && p->limit_s > 0;
    snprintf(text, size, "%s: %s %s done, %s open%s%s, %s%s%s", prefix ? prefix : "vouch",
             p->phase ? p->phase : "", vouch_cli_count(p->done).text,
             vouch_cli_count(p->open).text, share, rate, now, limited ? " of " : "",
             limited ? limit : "");
}

static void on_progress(void *user, const vouch_progress *p)
{
    vouch_cli_progress *progress = user;
    if (atomic_flag_test_and_set(&progress->busy))
        return;
    const double now = vouch_wall_s();
    if (now - progress->last_s >= 0.1) {
        char text[256];
        describe(progress->prefix, p, text, sizeof text);
        put(text);
        progress->shown = true;
        progress->last_s = now;
    }
    atomic_flag_clear(&progress->busy);
}

void vouch_cli_progress_start(vouch_context *ctx, bool quiet, vouch_cli_progress *progress)
{
    memset(progress, 0, sizeof *progress);
    atomic_flag_clear(&progress->busy);
    progress->on = !quiet && isatty(STDERR_FILENO);
    progress->last_s = vouch_wall_s();
    if (progress->on)
        vouch_context_set_progress(ctx, on_progress, progress);
}

void vouch_cli_progress_draw(vouch_cli_progress *progress, const char *text)
{
    if (!progress->on)
        return;
    put(text);
    progress->shown = true;
    progress->last_s = vouch_wall_s();
}

void vouch_cli_progress_clear(vouch_cli_progress *progress)
{
    if (progress->shown)
        put("");
    progress->shown = false;
}

void vouch_cli_progress_stop(vouch_context *ctx, vouch_cli_progress *progress)
{
    vouch_cli_progress_clear(progress);
    vouch_context_set_progress(ctx, NULL, NULL);
}
