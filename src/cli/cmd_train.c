/* vouch train: trains a classifier on a data set and writes it as ONNX. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/workers.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "data/data.h"
#include "io/io.h"
#include "train/architecture.h"
#include "train/fit.h"

typedef struct train_cli {
    const char *arch, *out, *test, *log, *loss, *regulariser, *optimiser, *schedule;
    int64_t epochs, batch, seed, threads;
    double rate, momentum, decay, eps, mean, deviation;
    bool quiet;
} train_cli;

static bool optimiser_choices(size_t index, const char **name)
{
    const vouch_optimiser *o = vouch_optimiser_table()[index];
    *name = o ? o->name : NULL;
    return o != NULL;
}

static bool schedule_choices(size_t index, const char **name)
{
    const vouch_schedule *s = vouch_schedule_table()[index];
    *name = s ? s->name : NULL;
    return s != NULL;
}

#define FIELD(f) offsetof(train_cli, f)
#define TEXT(n, a, f, t, h)                                                                    \
    {                                                                                          \
        .name = n, .argument = a, .help = h, .type = VOUCH_OPTION_TEXT, .offset = FIELD(f),    \
        .text = t                                                                              \
    }
#define CHOICE(n, f, t, c, h)                                                                  \
    {                                                                                          \
        .name = n, .argument = "NAME", .help = h, .type = VOUCH_OPTION_CHOICE,                 \
        .offset = FIELD(f), .text = t, .choices = c                                            \
    }
#define INT(n, f, d, l, m, h)                                                                  \
    {                                                                                          \
        .name = n, .argument = "N", .help = h, .type = VOUCH_OPTION_INT, .offset = FIELD(f),   \
        .number = d, .low = l, .high = m                                                       \
    }
#define REAL(n, f, d, l, m, h)                                                                 \
    {                                                                                          \
        .name = n, .argument = "X", .help = h, .type = VOUCH_OPTION_REAL, .offset = FIELD(f),  \
        .number = d, .low = l, .high = m                                                       \
    }

static const vouch_option rows[] = {
    TEXT("arch", "LAYERS", arch, "fc256 relu fc256 relu",
         "layers: convC[kK][sS][pP], fcN, bn, relu, maxpool, avgpool, gap, res( A | B ), "
         "flatten, presets; a last dense layer of as many "
         "outputs "
         "as there are classes is added where it is missing"),
    TEXT("out", "FILE", out, "net.onnx", "where the network goes"),
    TEXT("test", "PLACE", test, NULL, "data to count accuracy on, after training"),
    TEXT("log", "FILE", log, NULL, "a CSV line after each epoch; '-' is standard output"),
    INT("epochs", epochs, 10, 1, 1e6, "passes over the data"),
    INT("batch", batch, 100, 1, 65536, "samples of a step"),
    TEXT("loss", "TERM", loss, "standard",
         "what is brought down (vouch list losses), with its settings: \"n-fgsm k=3\""),
    TEXT("regulariser", "TERMS", regulariser, NULL,
         "what is added to the loss, each with its settings, parted by ' + '"),
    REAL("eps", eps, 0.1, 0, 1e6, "radius of perturbations, each feature"),
    CHOICE("optimiser", optimiser, "adam", optimiser_choices, "how a gradient becomes a step"),
    CHOICE("schedule", schedule, "cosine", schedule_choices,
           "the learning rate along training"),
    REAL("rate", rate, 1e-3, 0, 1e6, "the greatest learning rate"),
    REAL("momentum", momentum, 0.9, 0, 1, "of sgd"),
    REAL("decay", decay, 0, 0, 1, "of the weights, added to their gradients"),
    REAL("mean", mean, 0, -1e9, 1e9, "inputs become (x - mean) / deviation inside the network"),
    REAL("deviation", deviation, 1, 1e-9, 1e9, "see --mean"),
    INT("seed", seed, 1, 0, 1e15, "of weights, order and perturbations"),
    INT("threads", threads, 0, 0, 1024,
        "worker threads; 0 = all cores; the network is the same with any number"),
    {.name = "quiet",
     .help = "no progress line",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(quiet)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

typedef struct run_state {
    const vouch_cli_call *call;
    const train_cli *cli;
    vouch_data *data, *test;
    vouch_graph *graph;
    vouch_net *net;
    vouch_cli_progress progress;
    vouch_cli_output log;
} run_state;

/* ---- the network ----------------------------------------------------------------------------- */

/* Does the text end with the layer "fcN" for that N? */
static bool ends_with_outputs(const char *text, int classes)
{
    char word[32];
    const int length = snprintf(word, sizeof word, "fc%d", classes);
    size_t end = strlen(text);
    while (end > 0 && text[end - 1] == ' ')
        end--;
    return end >= (size_t)length && strncmp(text + end - length, word, (size_t)length) == 0 &&
           (end == (size_t)length || text[end - (size_t)length - 1] == ' ');
}

static vouch_status build(run_state *r)
{
    const vouch_data_info *info = &r->data->info;
    const bool image = info->shape.rank == 3;
    const char *text =
        ends_with_outputs(r->cli->arch, info->classes)
            ? r->cli->arch
            : vouch_arena_print(r->call->arena, "%s fc%d", r->cli->arch, info->classes);
    const vouch_architecture a = {.text = text,
                                  .channels = image ? info->shape.dim[0] : 1,
                                  .height = image ? info->shape.dim[1] : 1,
                                  .width = image ? info->shape.dim[2] : info->size,
                                  .mean = r->cli->mean,
                                  .deviation = r->cli->deviation,
                                  .seed = (uint64_t)r->cli->seed};
    if (!text)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_architecture_build(r->call->ctx, &a, &r->graph));
    VOUCH_TRY(vouch_op_bind_graph(r->call->ctx, r->graph));
    VOUCH_TRY(vouch_net_new_to_train(r->call->ctx, r->call->arena, r->graph, &r->net));
    return r->net ? VOUCH_OK
                  : vouch_fail(r->call->ctx, VOUCH_ERR_INTERNAL,
                               "architecture '%s': a layer cannot be trained", text);
}

/* ---- training -------------------------------------------------------------------------------- */

static bool report(void *user, const vouch_fit_progress *p)
{
    run_state *r = user;
    char line[160];
    const double left_s = p->seconds * (double)(r->cli->epochs - p->epoch);
    snprintf(line, sizeof line,
             "epoch %d of %" PRId64
             ": loss %.4f, accuracy %.2f %%, %.0f samples/s, %.0f s left",
             p->epoch, r->cli->epochs, p->loss, 100 * p->accuracy,
             (double)r->data->info.count / p->seconds, left_s);
    if (r->progress.on)
        vouch_cli_progress_draw(&r->progress, line);
    if (vouch_cli_output_wanted(&r->log))
        fprintf(r->log.stream, "%d,%.9g,%.9g,%.9g,%.3f\n", p->epoch, p->loss, p->accuracy,
                p->rate, p->seconds);
    return true;
}

/* Where samples may go when perturbed: the range of all features. */
static void find_range(const vouch_data_info *info, double *low, double *high)
{
    float least = info->feature[0].low, most = info->feature[0].high;
    for (int64_t i = 1; i < info->size; i++) {
        least = info->feature[i].low < least ? info->feature[i].low : least;
        most = info->feature[i].high > most ? info->feature[i].high : most;
    }
    *low = (double)least;
    *high = (double)most;
}

static vouch_fit_data samples(const vouch_data *d)
{
    return (vouch_fit_data){
        .count = d->info.count, .inputs = d->info.size, .x = d->x, .label = d->label};
}

static vouch_status fit(run_state *r, int threads)
{
    const train_cli *cli = r->cli;
    vouch_fit_settings s = {.epochs = (int)cli->epochs,
                            .threads = threads,
                            .batch = cli->batch,
                            .seed = (uint64_t)cli->seed,
                            .optimiser = vouch_optimiser_find(cli->optimiser),
                            .schedule = vouch_schedule_find(cli->schedule),
                            .rate = cli->rate,
                            .momentum = cli->momentum,
                            .decay = cli->decay,
                            .eps = cli->eps};
    const vouch_fit_data data = samples(r->data);
    find_range(&r->data->info, &s.low, &s.high);
    VOUCH_TRY(vouch_loss_parse_sum(r->call->arena, cli->loss, cli->regulariser, s.term,
                                   &s.term_count));
    if (vouch_cli_output_wanted(&r->log))
        fputs("epoch,loss,accuracy,rate,seconds\n", r->log.stream);
    vouch_cli_progress_start(r->call->ctx, cli->quiet, &r->progress);
    const vouch_status status = vouch_fit_run(r->call->ctx, r->net, &data, &s, report, r);
    vouch_cli_progress_stop(r->call->ctx, &r->progress);
    return status;
}

static vouch_status put_accuracy(const run_state *r, const char *name, const vouch_data *d,
                                 int threads)
{
    const vouch_fit_data data = samples(d);
    int64_t hits = 0;
    VOUCH_TRY(vouch_fit_count_hits(r->call->ctx, r->net, &data, threads, &hits));
    printf("%-10s %.2f %% of %" PRId64 " samples\n", name,
           100 * (double)hits / (double)data.count, data.count);
    return VOUCH_OK;
}

static vouch_status load(const run_state *r, const char *place, vouch_data **data)
{
    VOUCH_TRY(vouch_data_load(r->call->ctx, place, data));
    if ((*data)->info.classes < 2 || (*data)->info.count < 1)
        return vouch_fail(r->call->ctx, VOUCH_ERR_VALUE,
                          "%s: training needs samples of at least two classes", place);
    return VOUCH_OK;
}

static vouch_status check_names(const run_state *r)
{
    const vouch_cli_name out[] = {{"--out", r->cli->out}, {"--log", r->cli->log}};
    return vouch_cli_output_check(r->call->ctx, out, 2, NULL, 0);
}

static vouch_status train(run_state *r)
{
    const int threads = r->cli->threads > 0 ? (int)r->cli->threads : vouch_workers_available();
    VOUCH_TRY(check_names(r));
    VOUCH_TRY(load(r, r->call->argument[0], &r->data));
    if (r->cli->test)
        VOUCH_TRY(load(r, r->cli->test, &r->test));
    if (r->test && r->test->info.size != r->data->info.size)
        return vouch_fail(r->call->ctx, VOUCH_ERR_SHAPE,
                          "%s: samples have %" PRId64 " features, those of %s %" PRId64,
                          r->cli->test, r->test->info.size, r->call->argument[0],
                          r->data->info.size);
    VOUCH_TRY(build(r));
    VOUCH_TRY(vouch_cli_output_open(r->call->arena, r->cli->log, &r->log));
    VOUCH_TRY(fit(r, threads));
    if (vouch_cli_output_wanted(&r->log))
        VOUCH_TRY(vouch_cli_output_commit(r->call->ctx, &r->log));
    VOUCH_TRY(vouch_net_store(r->call->ctx, r->net, r->graph));
    VOUCH_TRY(vouch_onnx_write(r->call->ctx, r->graph, r->cli->out));
    printf("%-10s %s (%" PRId64 " parameters)\n", "network", r->cli->out,
           vouch_graph_parameters(r->graph));
    VOUCH_TRY(put_accuracy(r, "training", r->data, threads));
    return r->test ? put_accuracy(r, "test", r->test, threads) : VOUCH_OK;
}

static vouch_exit run(const vouch_cli_call *call)
{
    run_state r = {.call = call, .cli = call->settings[1]};
    const vouch_status s = train(&r);
    vouch_cli_output_discard(&r.log);
    if (r.graph)
        vouch_graph_free(r.graph);
    if (r.test)
        vouch_data_free(r.test);
    if (r.data)
        vouch_data_free(r.data);
    return s == VOUCH_OK ? VOUCH_EXIT_OK : vouch_cli_fail(call, s);
}

const vouch_command vouch_command_train = {
    .name = "train",
    .summary = "train a classifier on data and write it as ONNX",
    .arguments = "DATA",
    .description =
        "Trains a network of the layers --arch names on DATA (a file or built-in set, see "
        "vouch "
        "data), by cross-entropy on samples as they are or perturbed, and writes it as ONNX, "
        "normalisation inside. The same seed gives the same network, bit for bit, with any "
        "number of threads.",
    .examples = "vouch train builtin:glyphs16 --arch \"conv16k3s2 relu fc64 relu\" --epochs 5\n"
                "vouch train train-images-idx3-ubyte.gz --loss rs-fgsm --eps 0.3 --log log.csv",
    .least = 1,
    .most = 1,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(train_cli)}},
    .run = run,
};
