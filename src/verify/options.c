/* The settings of a verification: one row each; defaults are the best found (docs/figures.md).
 */
#include <math.h>
#include <stdint.h>

#include "bounds/domain.h"
#include "verify/cut.h"
#include "verify/pick.h"
#include "verify/split.h"
#include "verify/verify.h"

static bool domain_name(size_t index, const char **name)
{
    const vouch_domain *const *table = vouch_domain_table();
    if (index == 0) {
        *name = "auto";
        return true;
    }
    for (size_t i = 0; table[i]; i++)
        if (i + 1 == index) {
            *name = table[i]->name;
            return true;
        }
    return false;
}

static bool split_name(size_t index, const char **name)
{
    const vouch_split *const *table = vouch_split_table();
    for (size_t i = 0; table[i]; i++)
        if (i == index) {
            *name = table[i]->name;
            return true;
        }
    return false;
}

static bool cut_name(size_t index, const char **name)
{
    const vouch_cut_shape *const *table = vouch_cut_table();
    for (size_t i = 0; table[i]; i++)
        if (i == index) {
            *name = table[i]->name;
            return true;
        }
    return false;
}

static bool pick_name(size_t index, const char **name)
{
    const vouch_pick *const *table = vouch_pick_table();
    for (size_t i = 0; table[i]; i++)
        if (i == index) {
            *name = table[i]->name;
            return true;
        }
    return false;
}

static bool search_name(size_t index, const char **name)
{
    static const char *const names[] = {"auto", "boxes", "branch"};
    if (index < 3)
        *name = names[index];
    return index < 3;
}

static bool precision_name(size_t index, const char **name)
{
    static const char *const names[] = {"auto", "float", "double"};
    if (index < 3)
        *name = names[index];
    return index < 3;
}

static bool semantics_name(size_t index, const char **name)
{
    static const char *const names[] = {"real", "float32"};
    if (index < 2)
        *name = names[index];
    return index < 2;
}

static bool complete_name(size_t index, const char **name)
{
    static const char *const names[] = {"search", "exact"};
    if (index < 2)
        *name = names[index];
    return index < 2;
}

#define FIELD(name) offsetof(vouch_verify_settings, name)

const vouch_option vouch_verify_options[] = {
    {.name = "timeout",
     .argument = "S",
     .help = "seconds of wall time; 0 = no limit",
     .type = VOUCH_OPTION_REAL,
     .offset = FIELD(timeout_s),
     .low = 0,
     .high = 1e9},
    {.name = "threads",
     .argument = "N",
     .help = "worker threads; 0 = all cores",
     .type = VOUCH_OPTION_INT,
     .offset = FIELD(threads),
     .number = 1,
     .low = 0,
     .high = 1024},
    {.name = "seed",
     .argument = "N",
     .help = "seed of every random choice",
     .type = VOUCH_OPTION_INT,
     .offset = FIELD(seed),
     .number = 1,
     .low = 0,
     .high = 9e15},
    {.name = "domain",
     .argument = "D",
     .help = "abstract domain that bounds each subproblem",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(domain),
     .text = "auto",
     .choices = domain_name},
    {.name = "split",
     .argument = "H",
     .help = "heuristic that chooses the input to cut",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(split),
     .text = "auto",
     .choices = split_name},
    {.name = "cut",
     .argument = "C",
     .help = "shape of a cut",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(cut),
     .text = "auto",
     .choices = cut_name},
    {.name = "bisect-only",
     .help = "cut one input at its middle, whatever --cut says",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(bisect_only)},
    {.name = "attack",
     .help = "a search for a counterexample before the proof search",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(attack),
     .number = 1},
    {.name = "clip",
     .help = "clipping each box by its own backward hyperplanes",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(clip),
     .number = 1},
    {.name = "compress",
     .help = "folding neurons that became stable into a smaller network",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(compress),
     .number = 1},
    {.name = "late-programs",
     .help = "linear programs of the branching search only when splits have done their part",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(late_programs)},
    {.name = "slope-steps",
     .argument = "N",
     .help = "gradient steps on the lower slopes of rows not yet proved",
     .type = VOUCH_OPTION_INT,
     .offset = FIELD(slope_steps),
     .number = 2,
     .low = 0,
     .high = 1000},
    {.name = "neuron-steps",
     .argument = "N",
     .help = "gradient steps on the lower slopes of every unstable neuron: fewer, dearer "
             "subproblems",
     .type = VOUCH_OPTION_INT,
     .offset = FIELD(neuron_steps),
     .number = 0,
     .low = 0,
     .high = 1000},
    {.name = "search",
     .argument = "S",
     .help =
         "which search: boxes = cuts of inputs, in batches; branch = splits of neurons, too",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(search),
     .text = "auto",
     .choices = search_name},
    {.name = "pick",
     .argument = "H",
     .help = "heuristic that chooses the neuron to split",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(pick),
     .text = "auto",
     .choices = pick_name},
    {.name = "root-steps",
     .argument = "N",
     .help = "gradient steps on the bounds of the whole boxes, before any neuron is split",
     .type = VOUCH_OPTION_INT,
     .offset = FIELD(root_steps),
     .number = 40,
     .low = 0,
     .high = 10000},
    {.name = "branch-steps",
     .argument = "N",
     .help = "the same for subproblems, which start from what was found for their parents",
     .type = VOUCH_OPTION_INT,
     .offset = FIELD(branch_steps),
     .number = 10,
     .low = 0,
     .high = 10000},
    {.name = "precision",
     .argument = "P",
     .help = "arithmetic of the batched search (sound in each); auto = float, then double",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(precision),
     .text = "auto",
     .choices = precision_name},
    {.name = "semantics",
     .argument = "M",
     .help = "what counts as a witness: the network over the reals, or its float32 evaluation",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(semantics),
     .text = "real",
     .choices = semantics_name},
    {.name = "complete",
     .argument = "M",
     .help = "what decides: search = the searches above; exact = case splits to the end in "
             "rational arithmetic alone, for tiny piecewise-linear networks",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(complete),
     .text = "search",
     .choices = complete_name},
    {.name = "max-subproblems",
     .argument = "N",
     .help = "give up after so many subproblems; 0 = no limit",
     .type = VOUCH_OPTION_INT,
     .offset = FIELD(max_subproblems),
     .low = 0,
     .high = 9e15},
    {.name = "memory",
     .argument = "MIB",
     .help = "most memory to use; 0 = four fifths of the machine's, 7168 at most",
     .type = VOUCH_OPTION_INT,
     .offset = FIELD(memory_mib),
     .low = 0,
     .high = 1e9},
};

const size_t vouch_verify_option_count =
    sizeof vouch_verify_options / sizeof *vouch_verify_options;

/* Without a wish: what an ordinary machine has, so that results do not change on a larger one. */
static const size_t MEMORY_USUAL = (size_t)7 << 30;

size_t vouch_verify_memory(const vouch_verify_settings *settings)
{
    const size_t part = vouch_machine_memory() / 5 * 4;
    if (settings->memory_mib > 0)
        return (size_t)settings->memory_mib << 20;
    return part < MEMORY_USUAL ? part : MEMORY_USUAL;
}
