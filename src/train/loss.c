/* The table of losses, terms from text, and what losses call (loss.h). */
#include "train/loss.h"

#include <stdio.h>
#include <string.h>

#include "train/entropy.h"

#define VOUCH_LOSS(name) extern const vouch_loss vouch_loss_##name;
#include "train/loss.def"
#undef VOUCH_LOSS

const vouch_loss *const *vouch_loss_table(void)
{
    static const vouch_loss *const table[] = {
#define VOUCH_LOSS(name) &vouch_loss_##name,
#include "train/loss.def"
#undef VOUCH_LOSS
        NULL};
    return table;
}

const vouch_loss *vouch_loss_find(const char *name)
{
    for (const vouch_loss *const *l = vouch_loss_table(); *l; l++)
        if (strcmp((*l)->name, name) == 0)
            return *l;
    return NULL;
}

/* ---- terms from text ------------------------------------------------------------------------- */

#define BLANKS " \t\r\n"

/* All names of one kind, for a message. */
static vouch_status fail_name(vouch_arena *arena, const char *name, bool regulariser)
{
    char list[512] = "";
    size_t used = 0;
    for (const vouch_loss *const *l = vouch_loss_table(); *l; l++)
        if ((*l)->regulariser == regulariser && used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                     used > 0 ? ", " : "", (*l)->name);
    return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT,
                      "%s '%s' is not one of %s", regulariser ? "regulariser" : "loss", name,
                      used > 0 ? list : "(none)");
}

static vouch_status set_word(vouch_context *ctx, const vouch_loss *loss, char *word,
                             void *settings)
{
    char *value = strchr(word, '=');
    if (!value)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "loss %s: '%s' is not NAME=VALUE",
                          loss->name, word);
    *value++ = '\0';
    const vouch_option *row = vouch_option_find(loss->options, loss->option_count, word);
    if (!row)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "loss %s has no setting '%s'", loss->name,
                          word);
    return vouch_option_set(ctx, row, value, settings);
}

static vouch_status parse(vouch_arena *arena, const char *text, bool regulariser,
                          vouch_loss_term *term)
{
    char *rest = NULL, *copy = vouch_arena_text(arena, text);
    if (!copy)
        return VOUCH_ERR_MEMORY;
    const char *name = strtok_r(copy, BLANKS, &rest);
    const vouch_loss *loss = name ? vouch_loss_find(name) : NULL;
    if (!loss || loss->regulariser != regulariser)
        return fail_name(arena, name ? name : "", regulariser);
    void *settings = vouch_arena_alloc(arena, loss->size + 1);
    if (!settings)
        return VOUCH_ERR_MEMORY;
    vouch_options_default(loss->options, loss->option_count, settings);
    for (char *word = strtok_r(NULL, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest))
        VOUCH_TRY(set_word(vouch_arena_context(arena), loss, word, settings));
    *term = (vouch_loss_term){.loss = loss, .settings = settings};
    return VOUCH_OK;
}

vouch_status vouch_loss_parse_sum(vouch_arena *arena, const char *loss,
                                  const char *regularisers, vouch_loss_term *term, int *count)
{
    *count = 0;
    VOUCH_TRY(parse(arena, loss, false, &term[0]));
    *count = 1;
    const char *at = regularisers ? regularisers : "";
    for (at += strspn(at, BLANKS); *at; at += strspn(at, "+" BLANKS)) {
        /* A sign of an exponent (1e+3) has no blank before it. */
        const char *end = strstr(at, " +");
        const size_t length = end ? (size_t)(end - at) : strlen(at);
        const char *text = vouch_arena_text_n(arena, at, length);
        if (!text)
            return VOUCH_ERR_MEMORY;
        if (*count == VOUCH_LOSS_TERMS)
            return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT,
                              "at most %d regularisers", VOUCH_LOSS_TERMS - 1);
        VOUCH_TRY(parse(arena, text, true, &term[*count]));
        ++*count;
        at += length;
    }
    return VOUCH_OK;
}

/* ---- gradients ------------------------------------------------------------------------------- */

float *vouch_loss_room(const vouch_loss_job *job, int p)
{
    return job->part[p].begun ? job->spare : job->part[p].gradient;
}

void vouch_loss_put(const vouch_loss_job *job, int p)
{
    const int64_t size = vouch_net_size(job->net);
    float *restrict sum = job->part[p].gradient;
    const float *restrict more = job->spare;
    for (int64_t i = 0; job->part[p].begun && i < size; i++)
        sum[i] += more[i];
    job->part[p].begun = true;
}

void vouch_loss_backward(const vouch_loss_job *job, int p, const float *d_y)
{
    vouch_tape_backward(job->tape, d_y, NULL, vouch_loss_room(job, p));
    vouch_loss_put(job, p);
}

void vouch_loss_classify(const vouch_loss_job *job, int p, const float *x)
{
    const vouch_aim_at at = {.count = job->count,
                             .classes = job->classes,
                             .label = job->label,
                             .target = job->target};
    vouch_tape_forward(job->tape, job->count, x, job->y);
    job->part[p].loss += vouch_entropy_cross(&at, job->y, job->scale, job->d_y, job->hits);
    vouch_loss_backward(job, p, job->d_y);
}
