/* The table and the JSON of `vouch attack`, and its array. */
#include "cli/attack_report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "cli/output.h"
#include "cli/share.h"
#include "cli/text.h"
#include "io/array.h"

enum { SCHEMA = 2 };

/* Does the point belong to the shares? */
static bool is_counted(const vouch_cli_attack_report *r, int64_t p)
{
    const int *target = r->campaign->target;
    return r->fate[p].forward > 0 && !(target && target[p] == r->fate[p].label);
}

static bool has_fallen(const vouch_fate *f)
{
    return f->outcome == VOUCH_OUTCOME_FOUND && f->clean == f->label;
}

vouch_cli_attack_counts vouch_cli_attack_count(const vouch_cli_attack_report *report)
{
    const int64_t n = report->points->count;
    vouch_cli_attack_counts c = {
        .nearest = (double)NAN, .mean = (double)NAN, .farthest = (double)NAN};
    double sum = 0;
    for (int64_t p = 0; p < n; p++) {
        const vouch_fate *f = &report->fate[p];
        c.of[f->outcome]++;
        c.points += is_counted(report, p);
        c.right += is_counted(report, p) && f->clean == f->label;
        c.fallen += has_fallen(f);
        c.forward += (double)f->forward / (double)n;
        c.backward += (double)f->backward / (double)n;
        if (f->outcome != VOUCH_OUTCOME_FOUND)
            continue;
        sum += f->distance;
        c.nearest = fmin(c.nearest, f->distance);
        c.farthest = fmax(c.farthest, f->distance);
    }
    c.robust = c.right - c.fallen;
    if (c.of[VOUCH_OUTCOME_FOUND] > 0)
        c.mean = sum / (double)c.of[VOUCH_OUTCOME_FOUND];
    return c;
}

/* ---- text ---------------------------------------------------------------------------------- */

/* Which attack found how many. */
static void put_finders(FILE *out, const vouch_cli_attack_report *r)
{
    const vouch_attack_part *part = r->campaign->attack->parts;
    for (; part && part->name; part++) {
        int64_t found = 0;
        for (int64_t p = 0; p < r->points->count; p++)
            found +=
                r->fate[p].outcome == VOUCH_OUTCOME_FOUND && !strcmp(r->fate[p].by, part->name);
        fprintf(out, "  %-8s %s\n", part->name, vouch_cli_count((uint64_t)found).text);
    }
}

/* Up to that many classes have a row each. */
enum { CLASSES_SHOWN = 20 };

static void put_classes(FILE *out, const vouch_cli_attack_report *r)
{
    if (r->network->outputs > CLASSES_SHOWN || r->points->count < 2)
        return;
    const int width = vouch_cli_class_width(r->points, r->network->outputs);
    fprintf(out, "%-*s %8s %8s %8s %8s\n", width, "class", "points", "right", "found",
            "robust");
    for (int64_t k = 0; k < r->network->outputs; k++) {
        int64_t n = 0, right = 0, found = 0, fallen = 0;
        for (int64_t p = 0; p < r->points->count; p++) {
            const vouch_fate *f = &r->fate[p];
            if (f->label != k || !is_counted(r, p))
                continue;
            n++;
            right += f->clean == k;
            found += f->outcome == VOUCH_OUTCOME_FOUND;
            fallen += has_fallen(f);
        }
        fprintf(out, "%-*s %8" PRId64 " %8" PRId64 " %8" PRId64 " %8" PRId64 "\n", width,
                vouch_cli_class_name(r->points, k).text, n, right, found, right - fallen);
    }
}

/* The attack with the settings that are not as they are without being set. */
static void put_attack(FILE *out, const vouch_cli_attack_report *r)
{
    const vouch_campaign *c = r->campaign;
    fprintf(out, "attack     %s, norm %s, eps %s%s, seed %" PRIu64 "\n", c->attack->name,
            vouch_norm_name(c->ball->norm), vouch_cli_real(c->ball->eps).text,
            vouch_cli_points_unit(r->points), c->seed);
    if (c->attack->option_count > 0)
        fprintf(out, "settings   ");
    for (size_t i = 0; i < c->attack->option_count; i++)
        fprintf(out, "%s%s=%s", i > 0 ? ", " : "", c->attack->options[i].name,
                vouch_cli_setting(&c->attack->options[i], c->settings).text);
    if (c->attack->option_count > 0)
        fprintf(out, "\n");
    if (c->target)
        fprintf(out, "target     class %s; its own points are not counted\n",
                vouch_cli_class_name(r->points, c->target[0]).text);
}

static void put_found(FILE *out, const vouch_cli_attack_counts *c)
{
    const int64_t found = c->of[VOUCH_OUTCOME_FOUND], doubtful = c->of[VOUCH_OUTCOME_DOUBTFUL];
    fprintf(out, "found      %s, each proved over the reals",
            vouch_cli_count((uint64_t)found).text);
    if (found > c->fallen)
        fprintf(out, "; %s of them wrong before",
                vouch_cli_count((uint64_t)(found - c->fallen)).text);
    if (doubtful > 0)
        fprintf(out, "; %s more that only rounding makes",
                vouch_cli_count((uint64_t)doubtful).text);
    fprintf(out, "\n");
}

void vouch_cli_attack_text(FILE *out, const vouch_cli_attack_report *r)
{
    const vouch_cli_attack_counts c = vouch_cli_attack_count(r);
    put_attack(out, r);
    fprintf(out, "network    %s (%s inputs, %s classes)\n", r->network->path,
            vouch_cli_count((uint64_t)r->network->inputs).text,
            vouch_cli_count((uint64_t)r->network->outputs).text);
    fprintf(out, "points     %s (%s)\n", r->points->place,
            vouch_cli_count((uint64_t)r->points->count).text);
    vouch_cli_points_text(out, r->points);
    if (r->is_interrupted)
        fprintf(
            out,
            "interrupted: %s points were not attacked to the end; robust is a bound from above "
            "all the same\n",
            vouch_cli_count((uint64_t)c.of[VOUCH_OUTCOME_OPEN]).text);
    vouch_cli_put_share(out, 10, "clean", c.right, c.points);
    vouch_cli_put_share(out, 10, "robust", c.robust, c.points);
    put_found(out, &c);
    put_finders(out, r);
    if (c.of[VOUCH_OUTCOME_FOUND] > 0)
        fprintf(out, "distance   %.6g to %.6g, mean %.6g\n", c.nearest, c.farthest, c.mean);
    fprintf(out, "passes     %.1f forward, %.1f backward a point\n", c.forward, c.backward);
    fprintf(out, "time       %s, CPU %s\n", vouch_cli_seconds(r->seconds).text,
            vouch_cli_seconds(r->cpu_seconds).text);
    put_classes(out, r);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static void add_point(vouch_context *ctx, json_t *list, const vouch_fate *f)
{
    json_t *point = json_object();
    if (vouch_json_add(ctx, list, NULL, point) != VOUCH_OK)
        return;
    (void)vouch_json_add_text(ctx, point, "outcome", vouch_outcome_name(f->outcome));
    (void)vouch_json_add_int(ctx, point, "label", f->label);
    (void)vouch_json_add_int(ctx, point, "clean", f->clean);
    (void)vouch_json_add_int(ctx, point, "predicted", f->predicted);
    (void)vouch_json_add_text(ctx, point, "by", f->by);
    (void)vouch_json_add_real(ctx, point, "distance", f->by ? f->distance : (double)NAN);
    (void)vouch_json_add_int(ctx, point, "forward", f->forward);
    (void)vouch_json_add_int(ctx, point, "backward", f->backward);
}

static void add_counts(vouch_context *ctx, json_t *root, const vouch_cli_attack_report *r)
{
    const vouch_cli_attack_counts c = vouch_cli_attack_count(r);
    (void)vouch_json_add_int(ctx, root, "points", r->points->count);
    (void)vouch_json_add_int(ctx, root, "counted", c.points);
    (void)vouch_json_add_int(ctx, root, "right", c.right);
    (void)vouch_json_add_int(ctx, root, "fallen", c.fallen);
    vouch_cli_add_share(ctx, root, "robust", c.robust, c.points);
    for (int i = 0; i < VOUCH_OUTCOMES; i++)
        (void)vouch_json_add_int(ctx, root, vouch_outcome_name((vouch_outcome)i), c.of[i]);
    (void)vouch_json_add_real(ctx, root, "mean_forward", c.forward);
    (void)vouch_json_add_real(ctx, root, "mean_backward", c.backward);
    (void)vouch_json_add_real(ctx, root, "mean_distance", c.mean);
}

static void add_settings(vouch_context *ctx, json_t *root, const vouch_campaign *c)
{
    json_t *to = vouch_json_object_in(ctx, root, "settings");
    for (size_t i = 0; i < c->attack->option_count; i++)
        vouch_cli_add_setting(ctx, to, &c->attack->options[i], c->settings);
}

static void fill(vouch_context *ctx, json_t *root, const vouch_cli_attack_report *r)
{
    json_t *list = json_array();
    (void)vouch_json_add_int(ctx, root, "schema", SCHEMA);
    (void)vouch_json_add_text(ctx, root, "attack", r->campaign->attack->name);
    add_settings(ctx, root, r->campaign);
    if (r->campaign->target)
        (void)vouch_json_add_int(ctx, root, "target", r->campaign->target[0]);
    else
        (void)vouch_json_add_text(ctx, root, "target", NULL);
    (void)vouch_json_add_text(ctx, root, "norm", vouch_norm_name(r->campaign->ball->norm));
    (void)vouch_json_add_real(ctx, root, "eps", r->campaign->ball->eps);
    (void)vouch_json_add_count(ctx, root, "seed", r->campaign->seed);
    (void)vouch_json_add_int(ctx, root, "budget", r->campaign->budget);
    (void)vouch_json_add_text(ctx, root, "network", r->network->path);
    (void)vouch_json_add_text(ctx, root, "network_sha256", r->network->sha256);
    (void)vouch_json_add_text(ctx, root, "data", r->points->place);
    vouch_cli_points_json(ctx, root, r->points);
    (void)vouch_json_add_flag(ctx, root, "interrupted", r->is_interrupted);
    add_counts(ctx, root, r);
    (void)vouch_json_add_real(ctx, root, "seconds", r->seconds);
    (void)vouch_json_add_real(ctx, root, "cpu_seconds", r->cpu_seconds);
    if (vouch_json_add(ctx, root, "each", list) == VOUCH_OK)
        for (int64_t p = 0; p < r->points->count; p++)
            add_point(ctx, list, &r->fate[p]);
}

vouch_status vouch_cli_attack_json(vouch_context *ctx, FILE *out,
                                   const vouch_cli_attack_report *r)
{
    json_t *root = NULL;
    VOUCH_TRY(vouch_json_object(ctx, &root));
    fill(ctx, root, r);
    return vouch_cli_output_json(ctx, out, root);
}

/* ---- the array ----------------------------------------------------------------------------- */

vouch_status vouch_cli_attack_array(vouch_context *ctx, FILE *out,
                                    const vouch_cli_attack_report *r)
{
    vouch_pack header = {.ctx = ctx};
    vouch_shape shape = {.rank = r->points->shape.rank + 1, .dim = {r->points->count}};
    for (int i = 1; i < shape.rank; i++)
        shape.dim[i] = r->points->shape.dim[i - 1];
    const vouch_status s = vouch_pack_npy(&header, "<f4", &shape);
    if (s == VOUCH_OK) {
        (void)fwrite(header.data, 1, header.size, out);
        (void)fwrite(r->adversarial, sizeof *r->adversarial,
                     (size_t)(r->points->count * r->points->size), out);
    }
    vouch_pack_free(&header);
    return s;
}
