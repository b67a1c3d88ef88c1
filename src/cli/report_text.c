/* What a verification found, as text: the verdict word, then a summary for people. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/report.h"
#include "cli/text.h"

enum { SHOWN = 12, LABEL = 11 }; /* inputs or outputs of a witness; columns before the text */

const char *vouch_cli_meaning(vouch_verdict verdict)
{
    switch (verdict) {
    case VOUCH_UNSAT:
        return "HOLDS";
    case VOUCH_SAT:
        return "VIOLATED";
    case VOUCH_UNKNOWN:
    case VOUCH_TIMEOUT:
        return "UNDECIDED";
    }
    return "UNDECIDED";
}

static const char *explanation(const vouch_cli_report *report)
{
    switch (report->result.verdict) {
    case VOUCH_UNSAT:
        return report->property.spec != NULL && report->property.spec->case_count == 0
                   ? "trivially: the property allows no input at all"
                   : "proved: no input that the property allows gives an unsafe output";
    case VOUCH_SAT:
        return "the witness below is an allowed input with an unsafe output";
    case VOUCH_TIMEOUT:
    case VOUCH_UNKNOWN:
        return report->result.reason != NULL ? report->result.reason
                                             : "neither proved nor refuted";
    }
    return "";
}

void vouch_cli_report_verdict(FILE *out, const vouch_cli_report *report)
{
    fprintf(out, "%s\n", vouch_verdict_name(report->result.verdict));
}

static void put_label(FILE *out, const char *label) { fprintf(out, "%-*s", LABEL, label); }

static void put_note(FILE *out, const char *note)
{
    if (note == NULL)
        return;
    put_label(out, "note");
    vouch_cli_wrap(out, note, LABEL, LABEL);
}

static void put_question(FILE *out, const vouch_cli_report *report)
{
    const vouch_cli_network *net = &report->network;
    const vouch_spec *spec = report->property.spec;
    put_label(out, "network");
    fprintf(out, "%s (%s input%s, %s output%s, %s parameter%s)\n", net->path,
            vouch_cli_count((uint64_t)net->inputs).text, vouch_cli_plural(net->inputs),
            vouch_cli_count((uint64_t)net->outputs).text, vouch_cli_plural(net->outputs),
            vouch_cli_count((uint64_t)net->parameters).text, vouch_cli_plural(net->parameters));
    put_note(out, net->note[0] ? net->note : NULL);
    put_label(out, "property");
    fprintf(out, "%s (VNN-LIB %d.0, %d box%s, %d case%s)\n", report->property.path,
            spec->version, spec->box_count, spec->box_count == 1 ? "" : "es", spec->case_count,
            vouch_cli_plural(spec->case_count));
    put_note(out, report->property.note);
}

static void put_time(FILE *out, const vouch_cli_report *report)
{
    const vouch_verify_result *r = &report->result;
    put_label(out, "time");
    fprintf(out, "%s, CPU %s (reading %s, attack %s, search %s)\n",
            vouch_cli_seconds(report->seconds).text,
            vouch_cli_seconds(report->cpu_seconds).text, vouch_cli_seconds(report->load_s).text,
            vouch_cli_seconds(r->attack_s).text, vouch_cli_seconds(r->search_s).text);
}

static void put_search(FILE *out, const vouch_cli_report *report)
{
    const vouch_verify_result *r = &report->result;
    put_label(out, "search");
    if (report->property.spec->case_count == 0) {
        fputs("none was needed\n", out);
        put_time(out, report);
        return;
    }
    fprintf(out, "%s subproblem%s, depth %d, %s split%s, %s clip%s",
            vouch_cli_count(r->subproblems).text, vouch_cli_plural((int64_t)r->subproblems),
            r->max_depth, vouch_cli_count(r->splits).text, vouch_cli_plural((int64_t)r->splits),
            vouch_cli_count(r->clips).text, vouch_cli_plural((int64_t)r->clips));
    const bool open = r->verdict == VOUCH_UNKNOWN || r->verdict == VOUCH_TIMEOUT;
    if (open && !isnan(r->proved_share))
        fprintf(out, ", %.4g %% of the input volume proved", 100 * r->proved_share);
    fputc('\n', out);
    put_label(out, "method");
    fprintf(out, "domain %s, split %s, %" PRId64 " thread%s, seed %" PRId64 "\n",
            r->domain != NULL ? r->domain : "none", r->split != NULL ? r->split : "none",
            (int64_t)r->threads, vouch_cli_plural(r->threads), report->settings->seed);
    put_time(out, report);
}

/* Inputs fixed at a decimal that their type cannot hold. */
static void put_between(FILE *out, const vouch_cli_report *report)
{
    const bool one = report->between == 1;
    const bool real = strcmp(report->settings->semantics, "float32") != 0;
    char text[256];
    if (report->between == 0)
        return;
    snprintf(text, sizeof text,
             real ? "%s input%s fixed where %s type has no number: taken there over the reals, "
                    "shown as the nearest double"
                  : "%s input%s fixed where there is no float32: %s value is the nearest one, "
                    "outside the property's bounds",
             vouch_cli_count((uint64_t)report->between).text, one ? " is" : "s are",
             one ? "its" : "their");
    put_label(out, "note");
    vouch_cli_wrap(out, text, LABEL, LABEL);
}

static void put_values(FILE *out, char letter, const double *value, int64_t count)
{
    for (int64_t i = 0; i < count && i < SHOWN; i++)
        fprintf(out, "  %c_%" PRId64 " = %s\n", letter, i, vouch_cli_real(value[i]).text);
    if (count > SHOWN)
        fprintf(out, "  ... and %s more %c (--witness FILE writes all)\n",
                vouch_cli_count((uint64_t)(count - SHOWN)).text, letter);
}

void vouch_cli_report_summary(FILE *out, const vouch_cli_report *report)
{
    const vouch_verify_result *r = &report->result;
    const char *meaning = vouch_cli_meaning(r->verdict);
    const int at = fprintf(out, "%s: ", meaning);
    vouch_cli_wrap(out, explanation(report), LABEL, at);
    if (report->network.graph == NULL || report->property.spec == NULL)
        return;
    put_question(out, report);
    put_search(out, report);
    if (r->verdict != VOUCH_SAT)
        return;
    fprintf(out, "witness    case %d of the property\n", r->witness_case + 1);
    put_between(out, report);
    put_values(out, 'X', r->witness_input, report->network.inputs);
    put_values(out, 'Y', r->witness_output, report->network.outputs);
}

/* 17 digits read back as the same double; a float32 input is one, so it reads back as itself.
 */
void vouch_cli_report_witness(FILE *out, const vouch_cli_report *report)
{
    if (report->result.verdict != VOUCH_SAT)
        return;
    for (int64_t i = 0; i < report->network.inputs; i++)
        fprintf(out, "%s(X_%" PRId64 " %.17g)\n", i == 0 ? "(" : " ", i,
                report->result.witness_input[i]);
    const int64_t last = report->network.outputs - 1;
    for (int64_t i = 0; i <= last; i++)
        fprintf(out, " (Y_%" PRId64 " %.17g)%s\n", i, report->result.witness_output[i],
                i == last ? ")" : "");
}
