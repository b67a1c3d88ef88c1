/* vouch list: what the tables hold: operators, domains, split heuristics, cuts, picks, attacks, losses,
 * options. */
#include <string.h>

#include "attack/attack.h"
#include "bounds/domain.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/text.h"
#include "data/builtin.h"
#include "data/corruption.h"
#include "eval/transform.h"
#include "explain/groups.h"
#include "explain/latent_bound.h"
#include "explain/strategy.h"
#include "op/op.h"
#include "train/augment.h"
#include "train/loss.h"
#include "verify/cut.h"
#include "verify/pick.h"
#include "verify/split.h"
#include "verify/verify.h"

enum { NAME_COLUMNS = 21 };

static void put_row(const char *name, const char *summary, const char *citation)
{
    const int at = printf("  %-*s ", NAME_COLUMNS, name);
    char line[1024];
    const bool cited = citation != NULL && *citation != '\0';
    snprintf(line, sizeof line, "%s%s%s%s", summary ? summary : "", cited ? " [" : "",
             cited ? citation : "", cited ? "]" : "");
    vouch_cli_wrap(stdout, line, NAME_COLUMNS + 3, at);
}

static void list_operators(void)
{
    puts("operators (ONNX type, opsets):");
    for (const vouch_op *const *op = vouch_op_table(); *op != NULL; op++) {
        char name[64];
        snprintf(name, sizeof name, "%s %d-%d", (*op)->name, (*op)->since, (*op)->until);
        put_row(name, (*op)->summary, (*op)->citation);
    }
}

static void list_domains(void)
{
    puts("domains (--domain):");
    for (const vouch_domain *const *d = vouch_domain_table(); *d != NULL; d++)
        put_row((*d)->name, (*d)->summary, (*d)->citation);
}

static void list_splits(void)
{
    puts("split heuristics (--split):");
    for (const vouch_split *const *s = vouch_split_table(); *s != NULL; s++)
        put_row((*s)->name, (*s)->summary, (*s)->citation);
}

static void list_cuts(void)
{
    puts("shapes of a cut (--cut):");
    for (const vouch_cut_shape *const *c = vouch_cut_table(); *c != NULL; c++)
        put_row((*c)->name, (*c)->summary, (*c)->citation);
}

static void list_picks(void)
{
    puts("pick heuristics (--pick):");
    for (const vouch_pick *const *p = vouch_pick_table(); *p != NULL; p++)
        put_row((*p)->name, (*p)->summary, (*p)->citation);
}

/* Settings of an attack or a term below its name. */
static void put_settings(const vouch_option *row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char spelling[64], text[1024];
        const bool is_flag = row[i].type == VOUCH_OPTION_FLAG;
        snprintf(spelling, sizeof spelling, "  %s=%s", row[i].name,
                 is_flag ? "true|false" : row[i].argument);
        if (is_flag) /* there is no --no-NAME here */
            snprintf(text, sizeof text, "%s (default %s)", row[i].help,
                     row[i].number != 0 ? "true" : "false");
        else
            vouch_cli_option_text(&row[i], text, sizeof text);
        put_row(spelling, text, NULL);
    }
}

/* "pgd (linf, l2, l1)" and what it needs to see. */
static void list_attacks(void)
{
    puts("attacks (--attack), below each its settings (--set NAME=VALUE,...):");
    for (const vouch_attack *const *a = vouch_attack_table(); *a != NULL; a++) {
        char text[512];
        size_t used = 0;
        for (int n = 0; n < VOUCH_NORMS; n++)
            if ((*a)->norms >> n & 1 && used < sizeof text)
                used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                         used > 0 ? ", " : "", vouch_norm_name((vouch_norm)n));
        snprintf(text + used, sizeof text - used, ": %s%s", (*a)->summary,
                 (*a)->decision    ? "; sees the class alone"
                 : (*a)->black_box ? "; sees logits alone"
                                   : "");
        put_row((*a)->name, text, (*a)->citation);
        put_settings((*a)->options, (*a)->option_count);
    }
}

static void list_data(void)
{
    puts("formats of data:");
    for (const vouch_data_format *const *f = vouch_data_format_table(); *f != NULL; f++)
        put_row((*f)->name, (*f)->summary, (*f)->citation);
    puts("built-in sets (builtin:NAME):");
    for (const vouch_data_builtin *const *b = vouch_data_builtin_table(); *b != NULL; b++)
        put_row((*b)->name, (*b)->summary, NULL);
    puts("settings of a data set (DATA?NAME=VALUE&...):");
    for (size_t i = 0; i < vouch_data_option_count; i++) {
        char spelling[64], text[1024];
        snprintf(spelling, sizeof spelling, "%s=%s", vouch_data_options[i].name,
                 vouch_data_options[i].argument);
        vouch_cli_option_text(&vouch_data_options[i], text, sizeof text);
        put_row(spelling, text, NULL);
    }
}

static void list_corruptions(void)
{
    puts("corruptions (vouch eval --corrupt):");
    for (const vouch_corruption *const *c = vouch_corruption_table(); *c != NULL; c++)
        put_row((*c)->name, (*c)->summary, (*c)->citation);
}

static void list_terms(const char *title, bool regularisers)
{
    puts(title);
    for (const vouch_loss *const *l = vouch_loss_table(); *l != NULL; l++) {
        if ((*l)->regulariser != regularisers)
            continue;
        put_row((*l)->name, (*l)->summary, (*l)->citation);
        put_settings((*l)->options, (*l)->option_count);
    }
}

static void list_losses(void)
{
    list_terms("losses of training (vouch train --loss):", false);
    list_terms("regularisers (vouch train --regulariser):", true);
    puts("augmentations (vouch train --augment):");
    for (const vouch_augment *const *a = vouch_augment_table(); *a != NULL; a++) {
        put_row((*a)->name, (*a)->summary, (*a)->citation);
        put_settings((*a)->options, (*a)->option_count);
    }
}

static void list_transforms(void)
{
    puts("transformations (vouch eval --transform):");
    for (const vouch_transform *const *t = vouch_transform_table(); *t != NULL; t++)
        put_row((*t)->name, (*t)->summary, (*t)->citation);
}

static void list_groups(void)
{
    puts("features (vouch explain formal --groups):");
    for (const vouch_grouping *const *g = vouch_grouping_table(); *g != NULL; g++)
        put_row((*g)->name, (*g)->summary, (*g)->citation);
}

static void list_strategies(void)
{
    puts("strategies of formal explanations (--strategy):");
    for (const vouch_strategy *const *s = vouch_strategy_table(); *s != NULL; s++)
        put_row((*s)->name, (*s)->summary, (*s)->citation);
}

static void list_orders(void)
{
    puts("traversal orders of formal explanations (--order):");
    for (const vouch_order *const *o = vouch_order_table(); *o != NULL; o++)
        put_row((*o)->name, (*o)->summary, (*o)->citation);
}

static void list_latent(void)
{
    puts("bounds of latent explanations (vouch explain latent --bounds):");
    for (const vouch_latent_bounding *const *w = vouch_latent_table(); *w != NULL; w++)
        put_row((*w)->name, (*w)->summary, (*w)->citation);
}

static void list_options(void)
{
    puts("settings of a verification:");
    for (size_t i = 0; i < vouch_verify_option_count; i++) {
        char spelling[64], text[1024];
        vouch_cli_option_spelling(&vouch_verify_options[i], spelling, sizeof spelling);
        vouch_cli_option_text(&vouch_verify_options[i], text, sizeof text);
        put_row(spelling, text, NULL);
    }
}

static const struct topic {
    const char *name;
    void (*list)(void);
} topics[] = {
    {"operators", list_operators},
    {"domains", list_domains},
    {"splits", list_splits},
    {"cuts", list_cuts},
    {"picks", list_picks},
    {"attacks", list_attacks},
    {"data", list_data},
    {"corruptions", list_corruptions},
    {"transforms", list_transforms},
    {"losses", list_losses},
    {"groups", list_groups},
    {"strategies", list_strategies},
    {"orders", list_orders},
    {"latent", list_latent},
    {"options", list_options},
};
enum { TOPICS = sizeof topics / sizeof *topics };

static bool topic_names(size_t index, const char **name)
{
    *name = index < TOPICS ? topics[index].name : NULL;
    return index < TOPICS;
}

static vouch_exit unknown_topic(const vouch_cli_call *call, const char *name)
{
    const vouch_status s = vouch_fail(call->ctx, VOUCH_ERR_ARGUMENT,
                                      "'%s' is not one of operators, domains, splits, cuts, "
                                      "picks, attacks, data, corruptions, transforms, "
                                      "losses, groups, strategies, orders, latent, options",
                                      name);
    return vouch_cli_fail(call, s);
}

static vouch_exit run(const vouch_cli_call *call)
{
    const char *wanted = call->argument_count > 0 ? call->argument[0] : NULL;
    bool any = false;
    for (size_t i = 0; i < TOPICS; i++) {
        if (wanted != NULL && strcmp(wanted, topics[i].name) != 0)
            continue;
        if (any)
            putchar('\n');
        topics[i].list();
        any = true;
    }
    return any ? VOUCH_EXIT_OK : unknown_topic(call, wanted);
}

const vouch_command vouch_command_list = {
    .name = "list",
    .summary = "list what the tables hold: operators, domains, attacks, data, options",
    .arguments = "[TABLE]",
    .description =
        "Lists what this vouch was built with, with sources; without an argument all "
        "of it. Tables: operators, domains, splits, cuts, picks, attacks, data, "
        "corruptions, transforms, losses, groups, strategies, orders, latent, "
        "options.",
    .examples = "vouch list operators",
    .least = 0,
    .most = 1,
    .words = topic_names,
    .run = run,
};
