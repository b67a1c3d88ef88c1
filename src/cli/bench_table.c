/* The tables of a run over several benchmarks: what was decided, and what the time went to. */
#include <string.h>

#include "cli/bench.h"

static vouch_bench_sums sum_of(const vouch_bench *bench, int first, int count)
{
    vouch_bench_sums s = {0};
    for (int i = first; i < first + count; i++) {
        if (bench->instance[i].done)
            vouch_bench_add(&s, &bench->instance[i]);
    }
    return s;
}

static void put_verdicts(FILE *out, const char *name, const vouch_bench_sums *s, int instances,
                         double median_s)
{
    fprintf(out, "%-31.31s %5d %5d %6d", name, instances, s->count,
            s->of[VOUCH_BENCH_SAT] + s->of[VOUCH_BENCH_UNSAT]);
    for (int w = 0; w < VOUCH_BENCH_WORDS; w++)
        fprintf(out, " %*d", (int)strlen(vouch_bench_word_name(w)), s->of[w]);
    fprintf(out, " %5d %9d %10.2f %10.2f %9.4f %9.1f\n", s->wrong, s->disagrees, s->seconds,
            s->cpu_s, median_s, s->peak_mib);
}

static void put_phases(FILE *out, const char *name, const vouch_bench_sums *s)
{
    double rest = s->seconds;
    fprintf(out, "%-31.31s", name);
    for (int p = 0; p < VOUCH_BENCH_PHASES; p++) {
        fprintf(out, " %10.2f", s->phase_s[p]);
        rest -= s->phase_s[p];
    }
    fprintf(out, " %10.2f\n", rest > 0 ? rest : 0);
}

static vouch_status put_sets(vouch_arena *arena, const vouch_bench *bench, FILE *out)
{
    double median_s = 0;
    fprintf(out, "\n%-31s %5s %5s %6s", "benchmark", "held", "run", "solved");
    for (int w = 0; w < VOUCH_BENCH_WORDS; w++)
        fprintf(out, " %s", vouch_bench_word_name(w));
    fprintf(out, " %5s %9s %10s %10s %9s %9s\n", "wrong", "disagrees", "wall s", "CPU s",
            "median s", "peak MiB");
    for (int i = 0; i < bench->set_count; i++) {
        const vouch_bench_set *set = &bench->set[i];
        const vouch_bench_sums s = sum_of(bench, set->first, set->count);
        VOUCH_TRY(vouch_bench_median(arena, bench, set->first, set->count, &median_s));
        put_verdicts(out, set->name, &s, set->count, median_s);
    }
    const vouch_bench_sums all = sum_of(bench, 0, bench->count);
    VOUCH_TRY(vouch_bench_median(arena, bench, 0, bench->count, &median_s));
    put_verdicts(out, "all", &all, bench->count, median_s);
    return VOUCH_OK;
}

static void put_profile(const vouch_bench *bench, FILE *out)
{
    fprintf(out, "\n%-31s", "wall seconds by phase");
    for (int p = 0; p < VOUCH_BENCH_PHASES; p++)
        fprintf(out, " %10s", vouch_bench_phase_name(p));
    fprintf(out, " %10s\n", "other");
    for (int i = 0; i < bench->set_count; i++) {
        const vouch_bench_set *set = &bench->set[i];
        const vouch_bench_sums s = sum_of(bench, set->first, set->count);
        put_phases(out, set->name, &s);
    }
    const vouch_bench_sums all = sum_of(bench, 0, bench->count);
    put_phases(out, "all", &all);
}

vouch_status vouch_bench_table(vouch_arena *arena, const vouch_bench *bench, FILE *out)
{
    VOUCH_TRY(put_sets(arena, bench, out));
    put_profile(bench, out);
    return VOUCH_OK;
}
