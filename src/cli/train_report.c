/* The log, the curves and the model card of vouch train. Files are written whole after every epoch,
 * so that who looks at them sees a complete one. */
#include "cli/train_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "io/io.h"
#include "report/svg.h"

enum { LINE = 256 };

/* A score as a share; NaN: not looked at. */
static double share(const vouch_cli_train_report *r, int64_t hits)
{
    return hits < 0 || r->validation == 0 ? (double)NAN : (double)hits / (double)r->validation;
}

/* ---- the log --------------------------------------------------------------------------------- */

static const char head[] = "epoch,loss,accuracy,certified,rate,eps,clean,robust,best,seconds\n";

static void put_share(char *text, size_t size, double value)
{
    if (isnan(value))
        *text = '\0';
    else
        snprintf(text, size, "%.6g", value);
}

static void put_row(const vouch_cli_train_report *r, const vouch_fit_progress *p,
                    char line[LINE])
{
    char certified[32], clean[32], robust[32];
    put_share(certified, sizeof certified, p->certified);
    put_share(clean, sizeof clean, share(r, p->score.clean));
    put_share(robust, sizeof robust, share(r, p->score.robust));
    snprintf(line, LINE, "%" PRId64 ",%.9g,%.9g,%s,%.9g,%.9g,%s,%s,%d,%.3f\n", p->epoch,
             p->loss, p->accuracy, certified, p->rate, p->eps, clean, robust, p->best,
             p->seconds);
}

static vouch_status write_log(vouch_cli_train_report *r)
{
    const size_t room = sizeof head + (size_t)r->rows * LINE;
    char line[LINE], *text = vouch_alloc(r->call->ctx, room);
    if (!text)
        return VOUCH_ERR_MEMORY;
    size_t used = (size_t)snprintf(text, room, "%s", head);
    for (int64_t i = 0; i < r->rows; i++) {
        put_row(r, &r->row[i], line);
        used += (size_t)snprintf(text + used, room - used, "%s", line);
    }
    const vouch_status status = vouch_file_write(r->call->ctx, r->log, text, used);
    vouch_release(r->call->ctx, text);
    return status;
}

static vouch_status print_log(vouch_cli_train_report *r)
{
    char line[LINE];
    if (r->printed == 0)
        fputs(head, stdout);
    for (; r->printed < r->rows; r->printed++) {
        put_row(r, &r->row[r->printed], line);
        fputs(line, stdout);
    }
    return fflush(stdout) == 0
               ? VOUCH_OK
               : vouch_fail(r->call->ctx, VOUCH_ERR_IO, "standard output: cannot write");
}

/* ---- curves ---------------------------------------------------------------------------------- */

enum { WIDTH = 640, HEIGHT = 300, LEFT = 70, TOP = 30, PLOT = 220 };

typedef struct curve {
    const char *name, *colour;
    double (*value)(const vouch_cli_train_report *r, const vouch_fit_progress *p);
} curve;

static double loss_of(const vouch_cli_train_report *r, const vouch_fit_progress *p)
{
    (void)r;
    return p->loss;
}

static double accuracy_of(const vouch_cli_train_report *r, const vouch_fit_progress *p)
{
    (void)r;
    return p->accuracy;
}

static double certified_of(const vouch_cli_train_report *r, const vouch_fit_progress *p)
{
    (void)r;
    return p->certified;
}

static double clean_of(const vouch_cli_train_report *r, const vouch_fit_progress *p)
{
    return share(r, p->score.clean);
}

static double robust_of(const vouch_cli_train_report *r, const vouch_fit_progress *p)
{
    return share(r, p->score.robust);
}

static const curve curves[] = {{"loss", "#d1495b", loss_of},
                               {"accuracy, as trained", "#8d99ae", accuracy_of},
                               {"certified, as trained", "#6a4c93", certified_of},
                               {"validation", "#2a6f97", clean_of},
                               {"validation under PGD", "#2b9348", robust_of}};
enum { CURVES = sizeof curves / sizeof *curves };

/* Places without a value are left out. */
static void draw_curve(const vouch_cli_train_report *r, vouch_svg *svg, const curve *c,
                       const vouch_axis axis[2], double height)
{
    vouch_place *place = vouch_alloc(r->call->ctx, (size_t)(r->rows + 1) * sizeof *place);
    char style[96];
    int count = 0;
    if (!place)
        return; /* the context has it */
    for (int64_t i = 0; i < r->rows; i++) {
        const double y = c->value(r, &r->row[i]);
        if (!isnan(y))
            place[count++] = (vouch_place){vouch_axis_place(&axis[0], (double)(i + 1)),
                                           vouch_axis_place(&axis[1], y)};
    }
    snprintf(style, sizeof style, "fill=\"none\" stroke=\"%s\" stroke-width=\"2\"", c->colour);
    if (count > 1)
        vouch_svg_path(svg, count, place, style);
    snprintf(style, sizeof style, "fill=\"%s\"", c->colour);
    if (count == 1)
        vouch_svg_circle(svg, place[0].x, place[0].y, 3, style);
    if (count > 0)
        vouch_svg_text(svg, WIDTH - 160, height, style, c->name);
    vouch_release(r->call->ctx, place);
}

static void draw_plot(const vouch_cli_train_report *r, vouch_svg *svg, int plot)
{
    double most = 1e-9;
    for (int64_t i = 0; i < r->rows; i++)
        most = fmax(most, r->row[i].loss);
    const double top = TOP + plot * HEIGHT, last = r->rows > 1 ? (double)r->rows : 2;
    const vouch_axis axis[2] = {
        {.low = 1, .high = last, .from = LEFT, .to = WIDTH - 180, .label = "epoch"},
        {.low = 0,
         .high = plot == 0 ? most : 1,
         .from = top + PLOT,
         .to = top,
         .label = plot == 0 ? "loss" : "accuracy"}};
    vouch_svg_axes(svg, &axis[0], &axis[1]);
    for (int c = plot == 0 ? 0 : 1; c < (plot == 0 ? 1 : CURVES); c++)
        draw_curve(r, svg, &curves[c], axis, top + 20 + 20 * c);
}

static vouch_status write_curves(const vouch_cli_train_report *r)
{
    vouch_svg svg;
    vouch_svg_begin(&svg, r->call->ctx, WIDTH, 2 * HEIGHT, "Loss and accuracy by epoch");
    draw_plot(r, &svg, 0);
    draw_plot(r, &svg, 1);
    vouch_status status = vouch_svg_end(&svg);
    if (!status)
        status = vouch_file_write(r->call->ctx, r->curves, svg.data, svg.size);
    vouch_markup_free(&svg);
    return status;
}

/* ---- the progress line ----------------------------------------------------------------------- */

/* "epoch 3/10, 0:03/1:20, loss 0.9615, cert 12.3, valid 92.5/19.0 %, train 63.8 %, 15.1 k/s": what
 * a terminal of 80 columns cuts off is what one can do without. */
static void on_progress(void *user, const vouch_progress *p)
{
    vouch_cli_train_report *r = user;
    char line[288];
    const long now = lround(p->elapsed_s), all = lround(p->limit_s);
    if (vouch_wall_s() - r->progress.last_s < 0.1)
        return;
    snprintf(line, sizeof line,
             "epoch %" PRId64 "/%" PRId64 ", %ld:%02ld/%ld:%02ld%s, %.3g k/s",
             r->rows - r->before + 1, r->recipe->fit.epochs, now / 60, now % 60, all / 60,
             all % 60, r->last, (double)p->done / p->elapsed_s / 1000);
    vouch_cli_progress_draw(&r->progress, line);
}

void vouch_cli_train_watch(vouch_cli_train_report *r, bool quiet)
{
    vouch_cli_progress_start(r->call->ctx, quiet, &r->progress);
    if (r->progress.on)
        vouch_context_set_progress(r->call->ctx, on_progress, r);
}

/* ---- after an epoch -------------------------------------------------------------------------- */

static vouch_status tell(vouch_cli_train_report *r)
{
    if (r->log)
        VOUCH_TRY(strcmp(r->log, "-") == 0 ? print_log(r) : write_log(r));
    return r->curves ? write_curves(r) : VOUCH_OK;
}

bool vouch_cli_train_tell(void *user, const vouch_fit_progress *log, int64_t count)
{
    vouch_cli_train_report *r = user;
    const vouch_fit_progress *p = &log[count - 1];
    char score[48] = "", certified[32] = "";
    if (!isnan(p->certified))
        snprintf(certified, sizeof certified, ", cert %.1f", 100 * p->certified);
    if (p->score.clean >= 0)
        snprintf(score, sizeof score, ", valid %.1f/%.1f %%", 100 * share(r, p->score.clean),
                 100 * share(r, p->score.robust));
    snprintf(r->last, sizeof r->last, ", loss %.4g%s%s, train %.1f %%", p->loss, certified,
             score, 100 * p->accuracy);
    memcpy(r->row + r->before, log, (size_t)count * sizeof *log);
    r->rows = r->before + count;
    return tell(r) == VOUCH_OK;
}

/* ---- the model card -------------------------------------------------------------------------- */

static void add_epochs(const vouch_cli_train_report *r, json_t *root)
{
    vouch_context *ctx = r->call->ctx;
    json_t *list = vouch_json_array_in(ctx, root, "epochs");
    for (int64_t i = 0; i < r->rows; i++) {
        const vouch_fit_progress *p = &r->row[i];
        json_t *one = vouch_json_object_in(ctx, list, NULL);
        (void)vouch_json_add_int(ctx, one, "epoch", p->epoch);
        (void)vouch_json_add_real(ctx, one, "loss", p->loss);
        (void)vouch_json_add_real(ctx, one, "accuracy", p->accuracy);
        (void)vouch_json_add_real(ctx, one, "certified", p->certified);
        (void)vouch_json_add_real(ctx, one, "rate", p->rate);
        (void)vouch_json_add_real(ctx, one, "eps", p->eps);
        (void)vouch_json_add_real(ctx, one, "clean", share(r, p->score.clean));
        (void)vouch_json_add_real(ctx, one, "robust", share(r, p->score.robust));
        (void)vouch_json_add_flag(ctx, one, "best", p->best);
        (void)vouch_json_add_real(ctx, one, "seconds", p->seconds);
    }
}

static void add_data(const vouch_cli_train_report *r, json_t *root, const char *name,
                     const vouch_data *data, int64_t hits)
{
    vouch_context *ctx = r->call->ctx;
    char sha256[65];
    json_t *one = data ? vouch_json_object_in(ctx, root, name) : NULL;
    if (!one)
        return;
    vouch_data_sha256(data, sha256);
    (void)vouch_json_add_text(ctx, one, "place", data->info.place);
    (void)vouch_json_add_text(ctx, one, "sha256", sha256);
    (void)vouch_json_add_int(ctx, one, "samples", data->info.count);
    (void)vouch_json_add_real(ctx, one, "accuracy", (double)hits / (double)data->info.count);
}

/* What the recipe's start was. */
static void add_start(const vouch_cli_train_report *r, json_t *root)
{
    vouch_context *ctx = r->call->ctx;
    json_t *one = r->recipe->start ? vouch_json_object_in(ctx, root, "start") : NULL;
    if (!one)
        return;
    (void)vouch_json_add_text(ctx, one, "network", r->recipe->start);
    (void)vouch_json_add_text(ctx, one, "sha256", r->start_sha256);
}

static void add_recipe(const vouch_cli_train_report *r, json_t *root)
{
    vouch_context *ctx = r->call->ctx;
    char *text = NULL;
    if (vouch_recipe_write(r->call->arena, r->recipe, &text))
        return; /* the context has it */
    (void)vouch_json_add_text(ctx, root, "recipe", text);
}

static vouch_status fill_card(const vouch_cli_train_report *r, json_t *root)
{
    vouch_context *ctx = r->call->ctx;
    vouch_file net = {0};
    VOUCH_TRY(vouch_file_read(r->call->arena, r->out, SIZE_MAX / 2, &net));
    (void)vouch_json_add_int(ctx, root, "schema", 1);
    (void)vouch_json_add_text(ctx, root, "network", r->out);
    (void)vouch_json_add_text(ctx, root, "sha256", net.sha256);
    (void)vouch_json_add_int(ctx, root, "parameters", r->parameters);
    (void)vouch_json_add_text(ctx, root, "vouch", VOUCH_VERSION);
    (void)vouch_json_add_int(ctx, root, "seed", r->recipe->seed);
    add_recipe(r, root);
    add_start(r, root);
    add_data(r, root, "data", r->data, r->hits[0]);
    add_data(r, root, "test", r->test, r->hits[1]);
    add_epochs(r, root);
    (void)vouch_json_add_real(ctx, root, "seconds", r->seconds);
    return vouch_context_status(ctx);
}

vouch_status vouch_cli_train_card(const vouch_cli_train_report *r)
{
    vouch_context *ctx = r->call->ctx;
    json_t *root = NULL;
    char *text = NULL;
    size_t size = 0;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    vouch_status status = fill_card(r, root);
    if (!status)
        status = vouch_json_dump(ctx, root, &text, &size);
    json_decref(root);
    if (!status)
        status = vouch_file_write(ctx, r->card, text, size);
    vouch_release(ctx, text);
    return status;
}
