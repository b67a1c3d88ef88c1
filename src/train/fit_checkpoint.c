/* Checkpoints: all that an epoch leaves behind, in one file that is replaced as a whole.
 *
 * Random streams are named by seed, epoch and sample, so there is no state of theirs; shuffles are
 * done again. What is kept is listed once, by `collect`: sizes follow from the settings, and
 * the identity says which settings, samples and first parameters those were. The file is
 *
 *     magic, identity, the blocks, SHA-256 of the blocks' hashes
 *
 * in this machine's own layout. A file that is cut off or changed does not match its hash.
 */
#include <string.h>
#include <unistd.h>

#include "io/io.h"
#include "train/fit_priv.h"

enum { HASH = 65, BLOCKS = 16 + VOUCH_LOSS_TERMS };
static const char magic[] = "vouch checkpoint 1";

typedef struct list {
    struct {
        void *data;
        size_t size;
    } block[BLOCKS];
    int count;
} list;

static void add(list *l, void *data, size_t size)
{
    if (!data || size == 0)
        return;
    l->block[l->count].data = data;
    l->block[l->count++].size = size;
}

static list collect(fit *f)
{
    const size_t size = (size_t)vouch_net_size(f->net) * sizeof(float);
    const size_t running = (size_t)vouch_net_statistics(f->net) * sizeof(float);
    list l = {.count = 0};
    add(&l, &f->epoch, sizeof f->epoch);
    add(&l, &f->step, sizeof f->step);
    add(&l, &f->taken, sizeof f->taken);
    add(&l, &f->top_epoch, sizeof f->top_epoch);
    add(&l, &f->top, sizeof f->top);
    add(&l, f->log, (size_t)f->s->epochs * sizeof *f->log);
    add(&l, vouch_net_parameters(f->net), size);
    add(&l, vouch_net_running(f->net), running);
    add(&l, f->average, size);
    add(&l, f->best, size);
    add(&l, f->best ? f->best_running : NULL, running);
    for (int m = 0; m < f->s->optimiser->moments; m++)
        add(&l, f->moment[m], size);
    for (int t = 0; t < f->s->term_count; t++)
        add(&l, f->state[t], f->s->term[t].loss->state_size);
    return l;
}

/* Of the blocks' hashes one after the other. */
static void hash_all(const vouch_block *block, int count, char hex[HASH])
{
    char text[BLOCKS * (HASH - 1) + 1];
    for (int i = 0; i < count; i++)
        vouch_sha256(block[i].data, block[i].size, text + (size_t)i * (HASH - 1));
    vouch_sha256(text, (size_t)count * (HASH - 1), hex);
}

void vouch_fit_identify(fit *f)
{
    const char *recipe = f->s->recipe ? f->s->recipe : "";
    const vouch_block block[] = {
        {f->data->x, (size_t)(f->data->count * f->data->inputs) * sizeof(float)},
        {f->data->label, (size_t)f->data->count * sizeof(int)},
        {vouch_net_parameters(f->net), (size_t)vouch_net_size(f->net) * sizeof(float)}};
    f->identity = (fit_identity){.version = VOUCH_VERSION};
    memcpy(f->identity.magic, magic, sizeof magic);
    vouch_sha256(recipe, strlen(recipe), f->identity.recipe);
    hash_all(block, 3, f->identity.data);
}

vouch_status vouch_fit_save(fit *f)
{
    const list l = collect(f);
    vouch_block block[BLOCKS + 2];
    char hash[HASH];
    block[0] = (vouch_block){&f->identity, sizeof f->identity};
    for (int i = 0; i < l.count; i++)
        block[i + 1] = (vouch_block){l.block[i].data, l.block[i].size};
    hash_all(block + 1, l.count, hash);
    block[l.count + 1] = (vouch_block){hash, sizeof hash};
    VOUCH_TRY(vouch_file_write_blocks(f->ctx, f->s->checkpoint, block, l.count + 2));
    f->saved = f->epoch;
    return VOUCH_OK;
}

/* ---- reading --------------------------------------------------------------------------------- */

static vouch_status check_identity(const fit *f, const vouch_file *file)
{
    const char *path = f->s->checkpoint;
    fit_identity there;
    if (file->size < sizeof there || memcmp(file->data, magic, sizeof magic) != 0)
        return vouch_fail(f->ctx, VOUCH_ERR_PARSE, "%s: not a checkpoint", path);
    memcpy(&there, file->data, sizeof there);
    if (memcmp(there.version, f->identity.version, sizeof there.version) != 0)
        return vouch_fail(f->ctx, VOUCH_ERR_VALUE, "%s: made by another version of vouch",
                          path);
    if (memcmp(there.recipe, f->identity.recipe, sizeof there.recipe) != 0)
        return vouch_fail(f->ctx, VOUCH_ERR_VALUE, "%s: made with other settings", path);
    if (memcmp(there.data, f->identity.data, sizeof there.data) != 0)
        return vouch_fail(f->ctx, VOUCH_ERR_VALUE,
                          "%s: made with other data or another first network", path);
    return VOUCH_OK;
}

static vouch_status take(fit *f, const vouch_file *file)
{
    const list to = collect(f);
    vouch_block from[BLOCKS];
    const char *at = file->data + sizeof f->identity;
    size_t size = sizeof f->identity + HASH;
    char hash[HASH] = "";
    VOUCH_TRY(check_identity(f, file));
    for (int i = 0; i < to.count; i++) {
        from[i] = (vouch_block){at, to.block[i].size};
        at += to.block[i].size;
        size += to.block[i].size;
    }
    if (size == file->size)
        hash_all(from, to.count, hash);
    if (size != file->size || memcmp(at, hash, sizeof hash) != 0)
        return vouch_fail(f->ctx, VOUCH_ERR_PARSE, "%s: damaged", f->s->checkpoint);
    for (int i = 0; i < to.count; i++)
        memcpy(to.block[i].data, from[i].data, from[i].size);
    f->saved = f->epoch;
    f->first_step = f->step;
    return VOUCH_OK;
}

vouch_status vouch_fit_restore(fit *f)
{
    vouch_file file;
    if (access(f->s->checkpoint, F_OK) != 0)
        return VOUCH_OK; /* killed before the first one */
    vouch_arena *arena = vouch_arena_new(f->ctx);
    if (!arena)
        return VOUCH_ERR_MEMORY;
    vouch_status status = vouch_file_read(arena, f->s->checkpoint, SIZE_MAX / 2, &file);
    if (!status)
        status = take(f, &file);
    vouch_arena_free(arena);
    vouch_net_refresh(f->net, 0, 1);
    return status;
}
