/* Rounds over boxes, and the rest as a property (sweep.h). */
#include "verify/sweep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "bounds/domain.h"
#include "lower/decompose.h"
#include "verify/task.h"

/* Fewer boxes are no burden; with more inputs that vary, cutting them gets nowhere soon. */
enum { BOXES_LEAST = 8, WIDE_MOST = 4 };
/* Subproblems of a box in the first round, the growth, and the last round's. */
enum { BUDGET_FIRST = 1, BUDGET_GROWTH = 16, BUDGET_LAST = 256 };
/* A round goes on to the next if it settled one in so many of the boxes it took. */
enum { ONE_IN = 8 };

typedef struct sweep {
    vouch_search_input in; /* of one box, but for the box */
    vouch_sweep_output *out;
    int threads;
    uint64_t budget;
    const int *first_case; /* [boxes + 1]: cases of a box are neighbours */
    const int *list;       /* boxes of the round */
    int count;
    atomic_int next, found; /* found: the least place in the list with a witness, or count */
    pthread_mutex_t lock;   /* of out and found's witness */
    double proved, next_report;
} sweep;

/* ---- which ------------------------------------------------------------------------------- */

static int count_wide(const vouch_box *box, int64_t inputs)
{
    int count = 0;
    for (int64_t d = 0; d < inputs; d++)
        count += vouch_is_wide(box->low[d], box->high[d]);
    return count;
}

bool vouch_sweep_applies(const vouch_spec *spec)
{
    if (spec->box_count < BOXES_LEAST)
        return false;
    for (int b = 0; b < spec->box_count; b++)
        if (count_wide(&spec->box[b], spec->input_size) > WIDE_MOST)
            return false;
    return true;
}

/* ---- one box ----------------------------------------------------------------------------- */

static void keep_witness(sweep *s, int place, const vouch_witness *found)
{
    vouch_witness *best = &s->out->total.witness;
    if (place >= atomic_load(&s->found))
        return;
    atomic_store(&s->found, place);
    best->found = true;
    best->which_case = found->which_case;
    memcpy(best->input, found->input, (size_t)s->in.spec->input_size * sizeof(double));
    memcpy(best->output, found->output, (size_t)s->in.spec->output_size * sizeof(double));
}

/* What a box's search says; the lock is held. */
static void take(sweep *s, int place, const vouch_search_output *out)
{
    vouch_search_output *total = &s->out->total;
    total->subproblems += out->subproblems;
    total->splits += out->splits;
    total->clips += out->clips;
    if (out->max_depth > total->max_depth)
        total->max_depth = out->max_depth;
    if (out->found)
        keep_witness(s, place, &out->witness);
    else if (!out->stopped && !out->left_count) {
        s->out->left[s->list[place]] = false;
        s->proved += s->in.start_share[0];
    }
}

static vouch_status search_box(vouch_context *ctx, vouch_arena *arena, sweep *s, int place)
{
    const int b = s->list[place], first = s->first_case[b];
    const vouch_box *box = &s->in.spec->box[b];
    vouch_search_input in = s->in;
    vouch_search_output out;
    vouch_task task;
    VOUCH_TRY(vouch_task_part(arena, s->in.task, first, s->first_case[b + 1] - first, &task));
    in.task = &task;
    in.start_box = &s->list[place];
    in.start_low = box->low;
    in.start_high = box->high;
    in.max_subproblems = s->budget;
    VOUCH_TRY(vouch_search(ctx, arena, &in, &out));
    pthread_mutex_lock(&s->lock);
    take(s, place, &out);
    pthread_mutex_unlock(&s->lock);
    return VOUCH_OK;
}

static bool must_stop(vouch_context *ctx, const sweep *s)
{
    return vouch_context_cancelled(ctx) || vouch_wall_s() >= s->in.deadline_wall;
}

static void report(vouch_context *ctx, sweep *s, int place)
{
    double now = vouch_wall_s();
    if (now < s->next_report || !vouch_has_progress(ctx))
        return;
    s->next_report = now + 0.2;
    vouch_progress p = {.phase = "sweep",
                        .done = (unsigned long long)place,
                        .open = (unsigned long long)(s->count - place),
                        .proved_share = s->proved,
                        .elapsed_s = now - s->in.start_wall,
                        .limit_s = s->in.deadline_wall - s->in.start_wall};
    vouch_report_progress(ctx, &p);
}

static vouch_status run_worker(vouch_context *ctx, void *user, int index)
{
    sweep *s = user;
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_status status = arena ? VOUCH_OK : VOUCH_ERR_MEMORY;
    while (!status && !must_stop(ctx, s)) {
        int place = atomic_fetch_add(&s->next, 1);
        if (place >= s->count || place > atomic_load(&s->found))
            break;
        vouch_arena_mark mark = vouch_arena_get_mark(arena);
        status = search_box(ctx, arena, s, place);
        vouch_arena_reset(arena, mark);
        if (index == 0)
            report(ctx, s, place);
    }
    if (status)
        atomic_store(&s->next, s->count); /* no other box is begun */
    vouch_arena_free(arena);
    return status;
}

/* ---- rounds ------------------------------------------------------------------------------ */

static int list_left(const vouch_spec *spec, const bool *left, int *list)
{
    int count = 0;
    for (int b = 0; b < spec->box_count; b++)
        if (left[b])
            list[count++] = b;
    return count;
}

/* The limit on subproblems counts over all rounds. */
static bool is_spent(const sweep *s, uint64_t most)
{
    return most && s->out->total.subproblems >= most;
}

static vouch_status play_rounds(vouch_context *ctx, sweep *s, int *list, uint64_t most)
{
    vouch_sweep_output *out = s->out;
    s->list = list;
    s->budget = BUDGET_FIRST;
    s->count = list_left(s->in.spec, out->left, list);
    while (s->count > 0) {
        int before = s->count;
        atomic_store(&s->next, 0);
        atomic_store(&s->found, s->count);
        VOUCH_TRY(vouch_workers_run(ctx, s->threads, run_worker, s));
        out->total.found = out->total.witness.found;
        out->left_count = s->count = list_left(s->in.spec, out->left, list);
        if (out->total.found)
            return VOUCH_OK;
        out->total.stopped = must_stop(ctx, s) || is_spent(s, most);
        if (out->total.stopped || s->budget >= BUDGET_LAST ||
            (s->budget > BUDGET_FIRST && (before - s->count) < before / ONE_IN))
            return VOUCH_OK;
        s->budget *= BUDGET_GROWTH;
    }
    return VOUCH_OK;
}

static vouch_status find_cases(vouch_arena *arena, sweep *s)
{
    const vouch_spec *spec = s->in.spec;
    int *first = VOUCH_NEW_ARRAY(arena, int, spec->box_count + 1), k = 0;
    if (!first)
        return VOUCH_ERR_MEMORY;
    for (int b = 0; b < spec->box_count; b++) {
        first[b] = k;
        while (k < spec->case_count && spec->cases[k].box == b)
            k++;
    }
    first[spec->box_count] = k;
    s->first_case = first;
    return VOUCH_OK;
}

static vouch_status run(vouch_context *ctx, vouch_arena *arena, sweep *s, uint64_t most)
{
    const vouch_spec *spec = s->in.spec;
    vouch_sweep_output *out = s->out;
    double share = 1.0 / spec->box_count;
    int *list = VOUCH_NEW_ARRAY(arena, int, spec->box_count + 1);
    out->left = VOUCH_NEW_ARRAY(arena, bool, spec->box_count + 1);
    out->total.witness.input = VOUCH_NEW_ARRAY(arena, double, spec->input_size);
    out->total.witness.output = VOUCH_NEW_ARRAY(arena, double, spec->output_size);
    if (!list || !out->left || !out->total.witness.input || !out->total.witness.output)
        return VOUCH_ERR_MEMORY;
    for (int b = 0; b < spec->box_count; b++)
        out->left[b] = !spec->box[b].empty;
    VOUCH_TRY(find_cases(arena, s));
    s->in.start_share = &share;
    pthread_mutex_init(&s->lock, NULL);
    vouch_status status = play_rounds(ctx, s, list, most);
    pthread_mutex_destroy(&s->lock);
    out->total.proved_share = s->proved;
    return status;
}

vouch_status vouch_sweep(vouch_context *ctx, vouch_arena *arena, const vouch_search_input *like,
                         vouch_sweep_output *out)
{
    vouch_graph *graph = NULL;
    vouch_task task = *like->task;
    sweep s = {.in = *like, .out = out, .threads = like->threads};
    *out = (vouch_sweep_output){0};
    VOUCH_TRY(vouch_lower_decompose(ctx, like->graph, &graph));
    task.graph = graph;
    task.domain = vouch_domain_find("symbolic");
    s.in.type = &vouch_engine_graph;
    s.in.task = &task;
    s.in.threads = 1;
    s.in.part = true;
    s.in.start_count = 1;
    s.in.start_parent = NULL;
    vouch_status status = run(ctx, arena, &s, like->max_subproblems);
    vouch_graph_free(graph);
    return status;
}

/* ---- the rest ---------------------------------------------------------------------------- */

vouch_status vouch_sweep_rest(vouch_arena *arena, const vouch_spec *spec, const bool *left,
                              vouch_spec *rest, int **which)
{
    int boxes = 0, cases = 0;
    vouch_box *box = VOUCH_NEW_ARRAY(arena, vouch_box, spec->box_count + 1);
    int *number = VOUCH_NEW_ARRAY(arena, int, spec->box_count + 1);
    vouch_case *list = VOUCH_NEW_ARRAY(arena, vouch_case, spec->case_count + 1);
    *which = VOUCH_NEW_ARRAY(arena, int, spec->case_count + 1);
    if (!box || !number || !list || !*which)
        return VOUCH_ERR_MEMORY;
    for (int b = 0; b < spec->box_count; b++)
        if (left[b]) {
            number[b] = boxes;
            box[boxes++] = spec->box[b];
        }
    for (int k = 0; k < spec->case_count; k++)
        if (left[spec->cases[k].box]) {
            (*which)[cases] = k;
            list[cases] = spec->cases[k];
            list[cases++].box = number[spec->cases[k].box];
        }
    *rest = *spec;
    rest->box_count = boxes;
    rest->box = box;
    rest->case_count = cases;
    rest->cases = list;
    return VOUCH_OK;
}
