/* The summary of a benchmark run: by verdict, by property, against what was expected. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench.h"
#include "cli/text.h"

enum { PROPERTIES_SHOWN = 40 };

static const char *const words[] = {"unsat", "sat", "unknown", "timeout", "error"};
enum { WORDS = sizeof words / sizeof *words };

typedef struct sums {
    int count, measured;
    int of[WORDS];
    double seconds, cpu_s;
    uint64_t subproblems;
    const vouch_bench_instance *hardest; /* by CPU time */
} sums;

static int word_index(const char *word)
{
    for (int w = 0; w < WORDS; w++) {
        if (strcmp(words[w], word) == 0)
            return w;
    }
    return -1;
}

static void add(sums *s, const vouch_bench_instance *one)
{
    const int w = word_index(one->verdict);
    s->count++;
    s->seconds += one->seconds;
    if (w >= 0)
        s->of[w]++;
    if (!one->measured)
        return;
    s->measured++;
    s->cpu_s += one->cpu_s;
    s->subproblems += one->subproblems;
    if (s->hardest == NULL || one->cpu_s > s->hardest->cpu_s)
        s->hardest = one;
}

/* Sums over what is done, of one verdict and one property (NULL: all). */
static sums sum_of(const vouch_bench *bench, const char *verdict, const char *vnnlib)
{
    sums s = {0};
    for (int i = 0; i < bench->count; i++) {
        const vouch_bench_instance *one = &bench->instance[i];
        if (one->done && (verdict == NULL || strcmp(one->verdict, verdict) == 0) &&
            (vnnlib == NULL || strcmp(one->vnnlib, vnnlib) == 0))
            add(&s, one);
    }
    return s;
}

static void put_verdict(FILE *out, const char *name, const sums *s)
{
    if (s->count > 0)
        fprintf(out, "%-10s %9d %12.3f %12.3f %14s\n", name, s->count, s->seconds, s->cpu_s,
                vouch_cli_count(s->subproblems).text);
}

static void put_verdicts(FILE *out, const vouch_bench *bench)
{
    const sums all = sum_of(bench, NULL, NULL);
    fprintf(out, "%-10s %9s %12s %12s %14s\n", "verdict", "instances", "wall s", "CPU s",
            "subproblems");
    for (int w = 0; w < WORDS; w++) {
        const sums s = sum_of(bench, words[w], NULL);
        put_verdict(out, words[w], &s);
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

static vouch_status median_seconds(vouch_arena *arena, const vouch_bench *bench, double *median)
{
    double *seconds = VOUCH_NEW_ARRAY(arena, double, bench->count + 1);
    int n = 0;
    if (seconds == NULL)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < bench->count; i++) {
        if (bench->instance[i].done)
            seconds[n++] = bench->instance[i].seconds;
    }
    qsort(seconds, (size_t)n, sizeof *seconds, by_value);
    *median = n == 0 ? 0 : (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
    return VOUCH_OK;
}

static const char *file_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void put_hardest(FILE *out, const sums *all, double median)
{
    fprintf(out, "median     %.4f s wall\n", median);
    if (all->hardest != NULL)
        fprintf(out, "hardest    %s %s: %s, %.3f s CPU, %s subproblems, depth %d\n",
                file_part(all->hardest->onnx), file_part(all->hardest->vnnlib),
                all->hardest->verdict, all->hardest->cpu_s,
                vouch_cli_count(all->hardest->subproblems).text, all->hardest->depth);
}

static bool is_decided(const char *verdict)
{
    return verdict != NULL && (strcmp(verdict, "sat") == 0 || strcmp(verdict, "unsat") == 0);
}

int vouch_bench_contradictions(const vouch_bench *bench)
{
    int count = 0;
    for (int i = 0; i < bench->count; i++)
        count += bench->instance[i].contradicted;
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
        if (one->contradicted)
            fprintf(out, "CONTRADICTED: %s %s is %s, expected %s\n", one->onnx, one->vnnlib,
                    one->verdict, one->expected);
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
    const sums s = sum_of(bench, NULL, vnnlib);
    fprintf(out, "%-24.24s %5d", file_part(vnnlib), s.count);
    for (int w = 0; w < WORDS; w++)
        fprintf(out, " %*d", (int)strlen(words[w]), s.of[w]);
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
    for (int w = 0; w < WORDS; w++)
        fprintf(out, " %s", words[w]);
    fprintf(out, " %12s %9s %9s %9s\n", "subproblems", "wall s", "CPU s", "hardest");
    for (int k = 0; k < count; k++)
        put_property(out, bench, property[k]);
}

vouch_status vouch_bench_summary(vouch_arena *arena, const vouch_bench *bench, double cpu_s,
                                 FILE *out)
{
    double median = 0, peak = 0;
    const sums all = sum_of(bench, NULL, NULL);
    VOUCH_TRY(median_seconds(arena, bench, &median));
    for (int i = 0; i < bench->count; i++)
        peak = bench->instance[i].peak_mib > peak ? bench->instance[i].peak_mib : peak;
    put_verdicts(out, bench);
    put_hardest(out, &all, median);
    fprintf(out, "process    %.3f s CPU, reading files included; peak memory %.1f MiB\n", cpu_s,
            peak);
    put_expected(out, bench);
    put_properties(out, bench);
    return VOUCH_OK;
}
