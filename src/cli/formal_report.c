/* The text of `vouch explain formal`, and the property behind an explanation. */
#include "cli/formal_report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "attack/ball_spec.h"
#include "cli/text.h"

/* ---- features by name ---------------------------------------------------------------------- */

/* The schema's column that a feature is, or NULL. */
static const vouch_column *column_of(const vouch_cli_formal_report *r,
                                     const vouch_cli_formal *p, int64_t feature)
{
    const vouch_data_info *info =
        r->points->stream != NULL ? vouch_data_stream_info(r->points->stream) : NULL;
    const int64_t input = p->groups.member[p->groups.start[feature]];
    const int column = info != NULL && info->schema != NULL ? info->feature[input].column : -1;
    return column >= 0 ? &info->schema->column[column] : NULL;
}

vouch_cli_feature vouch_cli_feature_name(const vouch_cli_formal_report *r,
                                         const vouch_cli_formal *p, int64_t feature)
{
    const vouch_column *column = column_of(r, p, feature);
    vouch_cli_feature out;
    if (column != NULL)
        snprintf(out.text, sizeof out.text, "%s", column->name);
    else
        snprintf(out.text, sizeof out.text, "%" PRId64, feature);
    return out;
}

vouch_cli_feature vouch_cli_feature_value(const vouch_cli_formal_report *r,
                                          const vouch_cli_formal *p, int64_t feature)
{
    const vouch_column *column = column_of(r, p, feature);
    const int64_t first = p->groups.start[feature];
    const float *x = p->x + p->groups.member[first];
    vouch_cli_feature out;
    if (column == NULL) {
        snprintf(out.text, sizeof out.text, "%.6g", (double)x[0]);
        return out;
    }
    const double value =
        vouch_column_decode(column, vouch_data_stream_info(r->points->stream)->scaling, x);
    if (column->type == VOUCH_COLUMN_CATEGORY && value >= 0 && value < column->categories)
        snprintf(out.text, sizeof out.text, "%s", column->category[(int)value]);
    else
        snprintf(out.text, sizeof out.text, "%.6g", value);
    return out;
}

vouch_cli_radius vouch_cli_formal_radius(const vouch_cli_formal_report *r)
{
    vouch_cli_radius out;
    snprintf(out.text, sizeof out.text, "%s%s",
             r->ball->radius != NULL ? "of each feature its own"
                                     : vouch_cli_real(r->ball->eps).text,
             vouch_cli_points_unit(r->points));
    return out;
}

/* ---- text ---------------------------------------------------------------------------------- */

/* How few features could be left. */
static void put_bounds(FILE *out, const vouch_explanation *e)
{
    const int64_t rest = e->features - e->count[VOUCH_FORMAL_IRRELEVANT];
    if (rest == 0)
        fprintf(out, "smallest   yes, proved: no feature has to stay as it is\n");
    else if (rest <= e->at_least)
        fprintf(out, "smallest   yes, proved: fewer than %" PRId64 " features never do\n",
                rest);
    else
        fprintf(out, "smallest   not proved: between %" PRId64 " and %" PRId64 " features\n",
                e->at_least, rest);
}

static void put_classes(FILE *out, const vouch_cli_formal_report *r, const vouch_cli_formal *p)
{
    const vouch_explanation *e = &p->explanation;
    const bool searches =
        vouch_oracle_find(r->settings->oracle) >= VOUCH_ORACLE_COMPLETE && e->unsuited == NULL;
    const struct {
        vouch_formal_class class;
        const char *what;
    } row[] = {
        {VOUCH_FORMAL_IRRELEVANT, "all of them together provably cannot change the class"},
        {VOUCH_FORMAL_RELEVANT,
         "a witness is known that changes it and irrelevant ones, and the class"},
        {VOUCH_FORMAL_UNKNOWN,
         searches ? "neither was shown within --limit and --budget" : "neither was shown"}};
    for (size_t k = 0; k < sizeof row / sizeof *row; k++)
        fprintf(out, "%-10s %s of %s: %s\n", vouch_formal_class_name(row[k].class),
                vouch_cli_count((uint64_t)e->count[row[k].class]).text,
                vouch_cli_count((uint64_t)e->features).text, row[k].what);
    if (e->fixed_count > 0)
        fprintf(out,
                "fixed      %s of the irrelevant: held at their values, of whose influence "
                "nothing is said\n",
                vouch_cli_count((uint64_t)e->fixed_count).text);
    if (e->unsuited != NULL)
        fprintf(out, "unsuited   %s\n", e->unsuited);
    if (e->used_rules)
        fprintf(out, "rules      proved of records: of mixtures of values, which --query lets "
                     "in, it may not hold\n");
    fprintf(out, "minimal    %s\n",
            e->is_minimal ? "yes, proved: no feature can become irrelevant beside the others"
                          : "not proved");
    if (e->is_bounded)
        put_bounds(out, e);
}

enum { NAMED = 64 }; /* features of a table, at most, are listed */

vouch_cli_sentence vouch_cli_formal_sentence(const vouch_cli_formal *p)
{
    const vouch_explanation *e = &p->explanation;
    const int64_t cannot = e->count[VOUCH_FORMAL_IRRELEVANT] - e->fixed_count;
    vouch_cli_sentence out;
    snprintf(out.text, sizeof out.text,
             "%" PRId64 " of %" PRId64 " fields decide; %" PRId64
             " that may change provably cannot%s",
             e->count[VOUCH_FORMAL_RELEVANT], e->features, cannot,
             e->count[VOUCH_FORMAL_UNKNOWN] > 0 ? "; of the rest it is not known" : "");
    return out;
}

/* Records in words: each feature with its value. */
static void put_features(FILE *out, const vouch_cli_formal_report *r, const vouch_cli_formal *p)
{
    const vouch_explanation *e = &p->explanation;
    if (!r->points->is_table || e->features > NAMED)
        return;
    fprintf(out, "%s\n", vouch_cli_formal_sentence(p).text);
    for (int64_t f = 0; f < e->features; f++) {
        fprintf(out, "  %-24s %-20s %s", vouch_cli_feature_name(r, p, f).text,
                vouch_cli_feature_value(r, p, f).text,
                e->fixed[f] ? "fixed" : vouch_formal_class_name(e->class[f]));
        if (e->class[f] == VOUCH_FORMAL_RELEVANT && e->rival[f] >= 0)
            fprintf(out, " (can make it %s)",
                    vouch_cli_class_name(r->points, e->rival[f]).text);
        fprintf(out, "\n");
    }
}

static void put_work(FILE *out, const vouch_explanation *e)
{
    fprintf(out, "asked     ");
    for (int l = 0; l < VOUCH_ORACLE_LEVELS; l++)
        if (e->calls[l] > 0)
            fprintf(out, " %s %s", vouch_oracle_name((vouch_oracle_level)l),
                    vouch_cli_count((uint64_t)e->calls[l]).text);
    fprintf(out, "\ntime       CPU %s, of it %s for proofs\n", vouch_cli_seconds(e->cpu_s).text,
            vouch_cli_seconds(e->prove_s).text);
}

static void put_point(FILE *out, const vouch_cli_formal_report *r, const vouch_cli_formal *p)
{
    const vouch_explanation *e = &p->explanation;
    fprintf(out, "point      %" PRId64 ": class %s", p->index,
            vouch_cli_class_name(r->points, p->predicted).text);
    if (p->label >= 0 && p->label != p->predicted)
        fprintf(out, " (the data says %s)", vouch_cli_class_name(r->points, p->label).text);
    fprintf(out, "\n");
    if (!e->is_decided && !e->is_interrupted && !e->is_out_of_time) {
        fprintf(out, "undecided  over the reals the class of the point itself is not proved\n");
        return;
    }
    put_classes(out, r, p);
    if (e->is_interrupted || e->is_out_of_time)
        fprintf(out, "%s: what is said holds; more may be known with more time\n",
                e->is_interrupted ? "interrupted" : "out of time");
    put_features(out, r, p);
    put_work(out, e);
}

/* Means over many points. */
static void put_means(FILE *out, const vouch_cli_formal_report *r)
{
    double sum[VOUCH_FORMAL_CLASSES] = {0}, cpu = 0, n = (double)r->count;
    for (int64_t k = 0; k < r->count; k++) {
        for (int c = 0; c < VOUCH_FORMAL_CLASSES; c++)
            sum[c] += (double)r->point[k].explanation.count[c];
        cpu += r->point[k].explanation.cpu_s;
    }
    fprintf(out, "means      irrelevant %.1f, relevant %.1f, unknown %.1f, CPU %s\n",
            sum[VOUCH_FORMAL_IRRELEVANT] / n, sum[VOUCH_FORMAL_RELEVANT] / n,
            sum[VOUCH_FORMAL_UNKNOWN] / n, vouch_cli_seconds(cpu / n).text);
}

void vouch_cli_formal_text(FILE *out, const vouch_cli_formal_report *r)
{
    fprintf(out, "network    %s (%s inputs, %s classes)\n", r->network->path,
            vouch_cli_count((uint64_t)r->network->inputs).text,
            vouch_cli_count((uint64_t)r->network->outputs).text);
    fprintf(out, "asked      strategy %s, order %s, oracle %s, features: %s\n",
            r->settings->strategy, r->settings->order, r->settings->oracle, r->groups);
    fprintf(out, "radius     %s\n", vouch_cli_formal_radius(r).text);
    vouch_cli_points_text(out, r->points);
    for (int64_t k = 0; k < r->count; k++)
        put_point(out, r, &r->point[k]);
    if (r->count > 1)
        put_means(out, r);
    fprintf(out, "seconds    %s, CPU %s\n", vouch_cli_seconds(r->seconds).text,
            vouch_cli_seconds(r->cpu_seconds).text);
}

/* ---- the property -------------------------------------------------------------------------- */

vouch_status vouch_cli_formal_query(vouch_context *ctx, FILE *out,
                                    const vouch_cli_formal_report *r)
{
    const vouch_cli_formal *p = &r->point[0];
    vouch_arena *scratch = vouch_arena_new(ctx);
    float *low = scratch ? VOUCH_NEW_ARRAY(scratch, float, r->ball->size) : NULL;
    float *high = scratch ? VOUCH_NEW_ARRAY(scratch, float, r->ball->size) : NULL;
    vouch_spec *spec = NULL;
    vouch_status s = low && high ? VOUCH_OK : VOUCH_ERR_MEMORY;
    const char *text = NULL;
    size_t size = 0;
    for (int64_t i = 0; s == VOUCH_OK && i < r->ball->size; i++) {
        const bool is_free = p->explanation.class[p->groups.of[i]] == VOUCH_FORMAL_IRRELEVANT;
        low[i] = is_free ? r->ball->low[i] : p->x[i];
        high[i] = is_free ? r->ball->high[i] : p->x[i];
    }
    vouch_ball ball = *r->ball;
    ball.low = low;
    ball.high = high;
    if (s == VOUCH_OK)
        s = vouch_ball_spec(scratch, r->network->graph, &ball, p->x, p->predicted, &spec);
    if (s == VOUCH_OK)
        s = vouch_spec_write(spec, scratch, &text, &size);
    if (s == VOUCH_OK)
        (void)fwrite(text, 1, size, out);
    vouch_spec_free(spec);
    vouch_arena_free(scratch);
    return s;
}
