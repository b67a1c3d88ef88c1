/* The summary of a benchmark run: by verdict, by property, against what was expected. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"
#include "cli/text.h"

enum { PROPERTIES_SHOWN = 40 };

const char *vouch_bench_word_name(int word)
{
    static const char *const words[] = {"unsat", "sat", "unknown", "timeout", "error"};
    return words[word];
}

static int word_index(const char *word)
{
    for (int w = 0; w < VOUCH_BENCH_WORDS; w++) {
        if (strcmp(vouch_bench_word_name(w), word) == 0)
            return w;
    }
    return -1;
}

void vouch_bench_add(vouch_bench_sums *s, const vouch_bench_instance *one)
{
    const int w = word_index(one->verdict);
    s->count++;
    s->seconds += one->seconds;
    if (w >= 0)
        s->of[w]++;
    if (one->compared != NULL) {
        s->wrong += strcmp(one->compared, "wrong") == 0;
        s->disagrees += strcmp(one->compared, "disagrees") == 0;
    }
    if (!one->measured)
        return;
    s->measured++;
    s->cpu_s += one->cpu_s;
    s->peak_mib = one->peak_mib > s->peak_mib ? one->peak_mib : s->peak_mib;
    s->subproblems += one->subproblems;
    for (int p = 0; p < VOUCH_BENCH_PHASES; p++)
        s->phase_s[p] += one->phase_s[p];
    if (s->hardest == NULL || one->cpu_s > s->hardest->cpu_s)
        s->hardest = one;
}

/* Sums over what is done, of one verdict and one property (NULL: all). */
static vouch_bench_sums sum_of(const vouch_bench *bench, const char *verdict,
                               const char *vnnlib)
{
    vouch_bench_sums s = {0};
    for (int i = 0; i < bench->count; i++) {
        const vouch_bench_instance *one = &bench->instance[i];
        if (one->done && (verdict == NULL || strcmp(one->verdict, verdict) == 0) &&
            (vnnlib == NULL || strcmp(one->vnnlib, vnnlib) == 0))
            vouch_bench_add(&s, one);
    }
    return s;
}

static void put_verdict(FILE *out, const char *name, const vouch_bench_sums *s)
{
    if (s->count > 0)
        fprintf(out, "%-10s %9d %12.3f %12.3f %14s\n", name, s->count, s->seconds, s->cpu_s,
                vouch_cli_count(s->subproblems).text);
}

static void put_verdicts(FILE *out, const vouch_bench *bench)
{
    const vouch_bench_sums all = sum_of(bench, NULL, NULL);
    fprintf(out, "%-10s %9s %12s %12s %14s\n", "verdict", "instances", "wall s", "CPU s",
            "subproblems");
    for (int w = 0; w < VOUCH_BENCH_WORDS; w++) {
        const vouch_bench_sums s = sum_of(bench, vouch_bench_word_name(w), NULL);
        put_verdict(out, vouch_bench_word_name(w), &s);
    }
    put_verdict(out, "all", &all);
    if (all.measured < all.count)
        fprintf(out,
                "(CPU time and subproblems are of %d instances: the others were resumed)\n",
                all.measured);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

vouch_status vouch_bench_median(vouch_arena *arena, const vouch_bench *bench, int first,
                                int count, double *median_s)
{
    double *seconds = VOUCH_NEW_ARRAY(arena, double, count + 1);
    int n = 0;
    if (seconds == NULL)
        return VOUCH_ERR_MEMORY;
    for (int i = first; i < first + count; i++) {
        if (bench->instance[i].done)
            seconds[n++] = bench->instance[i].seconds;
    }
    qsort(seconds, (size_t)n, sizeof *seconds, by_value);
    *median_s = n == 0 ? 0 : (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
    return VOUCH_OK;
}

static const char *file_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void put_hardest(FILE *out, const vouch_bench_sums *all, double median)
{
    fprintf(out, "median     %.4f s wall\n", median);
    if (all->hardest != NULL)
        fprintf(out, "hardest    %s %s: %s, %.3f s CPU, %s subproblems, depth %" PRIu64 "\n",
                file_part(all->hardest->onnx), file_part(all->hardest->vnnlib),
                all->hardest->verdict, all->hardest->cpu_s,
                vouch_cli_count(all->hardest->subproblems).text, all->hardest->depth);
}

static bool is_decided(const char *verdict)
{
    return verdict != NULL && (strcmp(verdict, "sat") == 0 || strcmp(verdict, "unsat") == 0);
}

static bool is_contradiction(const vouch_bench_instance *one)
{
    return one->compared != NULL && strcmp(one->compared, "agrees") != 0;
}

int vouch_bench_contradictions(const vouch_bench *bench)
{
    int count = 0;
    for (int i = 0; i < bench->count; i++)
        count += is_contradiction(&bench->instance[i]);
    return count;
}

static void put_expected(FILE *out, const vouch_bench *bench)
{
    int known = 0, agree = 0, open = 0;
    for (int i = 0; i < bench->count; i++) {
        const vouch_bench_instance *one = &bench->instance[i];
        if (!one->done || !is_decided(one->expected))
            continue;
        known++;
        agree += strcmp(one->verdict, one->expected) == 0;
        open += !is_decided(one->verdict);
    }
    if (known > 0)
        fprintf(out, "expected   %d of %d agree, %d undecided, %d CONTRADICTED\n", agree, known,
                open, vouch_bench_contradictions(bench));
    for (int i = 0; i < bench->count; i++) {
        const vouch_bench_instance *one = &bench->instance[i];
        if (is_contradiction(one))
            fprintf(out, "CONTRADICTED: %s %s is %s, expected %s%s\n", one->onnx, one->vnnlib,
                    one->verdict, one->expected,
                    strcmp(one->compared, "wrong") == 0 ? ", whose counterexample was replayed"
                                                        : "");
    }
}

/* The distinct property files of what is done, in their first order; at most PROPERTIES_SHOWN +
 * 1 are looked for. */
static int list_properties(const vouch_bench *bench, const char *property[])
{
    int count = 0;
    for (int i = 0; i < bench->count && count <= PROPERTIES_SHOWN; i++) {
        int k = 0;
        if (!bench->instance[i].done)
            continue;
        while (k < count && strcmp(property[k], bench->instance[i].vnnlib) != 0)
            k++;
        if (k == count)
            property[count++] = bench->instance[i].vnnlib;
    }
    return count;
}

static void put_property(FILE *out, const vouch_bench *bench, const char *vnnlib)
{
    const vouch_bench_sums s = sum_of(bench, NULL, vnnlib);
    fprintf(out, "%-24.24s %5d", file_part(vnnlib), s.count);
    for (int w = 0; w < VOUCH_BENCH_WORDS; w++)
        fprintf(out, " %*d", (int)strlen(vouch_bench_word_name(w)), s.of[w]);
    fprintf(out, " %12s %9.3f %9.3f %9.3f\n", vouch_cli_count(s.subproblems).text, s.seconds,
            s.cpu_s, s.hardest != NULL ? s.hardest->cpu_s : 0);
}

static void put_properties(FILE *out, const vouch_bench *bench)
{
    const char *property[PROPERTIES_SHOWN + 1];
    const int count = list_properties(bench, property);
    if (count < 2)
        return;
    if (count > PROPERTIES_SHOWN) {
        fputs("(too many property files for a table; --detail FILE has every instance)\n", out);
        return;
    }
    fprintf(out, "\n%-24s %5s", "property", "count");
    for (int w = 0; w < VOUCH_BENCH_WORDS; w++)
        fprintf(out, " %s", vouch_bench_word_name(w));
    fprintf(out, " %12s %9s %9s %9s\n", "subproblems", "wall s", "CPU s", "hardest");
    for (int k = 0; k < count; k++)
        put_property(out, bench, property[k]);
}

static void put_cost(FILE *out, const vouch_bench_sums *all)
{
    fprintf(out, "processes  %.3f s CPU, reading files included; peak memory %.1f MiB\n",
            all->cpu_s, all->peak_mib);
    fputs("phases     ", out);
    for (int p = 0; p < VOUCH_BENCH_PHASES; p++)
        fprintf(out, "%s%s %.3f s", p > 0 ? ", " : "", vouch_bench_phase_name(p),
                all->phase_s[p]);
    fputs(" (wall)\n", out);
}

vouch_status vouch_bench_summary(vouch_arena *arena, const vouch_bench *bench, FILE *out)
{
    double median_s = 0;
    const vouch_bench_sums all = sum_of(bench, NULL, NULL);
    VOUCH_TRY(vouch_bench_median(arena, bench, 0, bench->count, &median_s));
    put_verdicts(out, bench);
    put_hardest(out, &all, median_s);
    put_cost(out, &all);
    put_expected(out, bench);
    if (bench->set_count > 1)
        return vouch_bench_table(arena, bench, out);
    put_properties(out, bench);
    return VOUCH_OK;
}
