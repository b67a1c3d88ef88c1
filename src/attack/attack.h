/* Attacks: searches for inputs near a given one that a classifier gets wrong.
 *
 * An attack is one file attack_NAME.c with `const vouch_attack vouch_attack_NAME` and one line
 * VOUCH_ATTACK(NAME) in attack.def. It is given an *assault*: a block of points, each with its
 * label, its cell of the ball, its random streams and its budget of passes. It proposes rows,
 * points to be tried, and reads the victim's answers; the assault counts the passes and keeps
 * what is adversarial, so that no attack can claim a point outside of the ball or spend more
 * than it was given. What a point gets depends on the point, the seed and the settings alone,
 * not on its block: unless `whole`, where the attack needs all points at once.
 *
 * Claims are of the float32 network; the campaign (campaign.h) replays them over the reals.
 */
#ifndef VOUCH_ATTACK_ATTACK_H
#define VOUCH_ATTACK_ATTACK_H

#include "attack/ball.h"
#include "attack/objective.h"
#include "attack/victim.h"
#include "base/option.h"
#include "base/random.h"

/* A block of points under one attack. */
typedef struct vouch_assault {
    vouch_context *ctx;
    vouch_arena *arena; /* of the block */
    vouch_victim *victim;
    const vouch_ball *ball;
    const void *settings; /* the attack's own, as its rows describe */
    uint64_t seed;
    int64_t budget; /* passes of each point, forward and backward ones alike */
    int64_t inputs, classes, count;
    const float *x;         /* [count][inputs] the clean points */
    const float *clean;     /* [count][classes] their logits */
    const int *label;       /* [count] */
    const int *target;      /* [count] the class wanted, -1: any other than the label */
    const uint64_t *number; /* [count] of the point among all: names its random streams */
    vouch_cell *cell;       /* [count] */
    double *scratch;        /* [2 * inputs] for projections */
    bool blind; /* while set, nothing is kept: for attacks whose trial points are no claims */

    /* what comes out */
    float *best;                 /* [count][inputs] the adversarial kept */
    double *margin;              /* [count] of best (vouch_aim_margin); -infinity: none found */
    double *distance;            /* [count] of best */
    int64_t *forward, *backward; /* [count] passes spent */
} vouch_assault;

/* Rows to be tried together: row i is an attempt on point place[i], for target[i]. */
typedef struct vouch_rows {
    int64_t count;
    int64_t *place;
    int *target;     /* -1: any other than the label */
    float *x;        /* [.][inputs] */
    float *z;        /* [.][classes] the victim's answers */
    double *value;   /* of the objective */
    float *gradient; /* [.][inputs] of the objective */
} vouch_rows;

/* One attack of an ensemble. */
typedef struct vouch_attack_part {
    const char *name;
    const void *settings[VOUCH_NORMS]; /* by the norm; NULL: its defaults */
} vouch_attack_part;

typedef struct vouch_attack {
    const char *name, *summary, *citation;
    unsigned norms;   /* bit VOUCH_NORM_x set: supported */
    unsigned nearest; /* of these, where eps may be infinite: it looks for the nearest */
    bool black_box;   /* sees logits alone */
    bool decision;    /* sees the class alone */
    bool targeted;    /* takes a wanted class of each point */
    bool rules;       /* keeps the rules of tables */
    bool whole;       /* needs all points at once */
    size_t size;      /* of its settings; 0: none */
    const vouch_option *options;
    size_t option_count;
    vouch_status (*run)(vouch_assault *a); /* NULL: an ensemble */
    const vouch_attack_part
        *parts; /* of an ensemble, up to one without name: run in order, each on
                              * what is left; else NULL */
} vouch_attack;

enum {
    VOUCH_ATTACK_LINF = 1 << VOUCH_NORM_LINF,
    VOUCH_ATTACK_L2 = 1 << VOUCH_NORM_L2,
    VOUCH_ATTACK_L1 = 1 << VOUCH_NORM_L1,
    VOUCH_ATTACK_L0 = 1 << VOUCH_NORM_L0
};

/* An option row of an attack's settings struct `owner`: a whole number, or a real. */
#define VOUCH_ATTACK_INT(owner, field, about, otherwise, least, most)                          \
    {                                                                                          \
        .name = #field, .argument = "N", .help = about, .type = VOUCH_OPTION_INT,              \
        .offset = offsetof(owner, field), .number = otherwise, .low = least, .high = most      \
    }
#define VOUCH_ATTACK_REAL(owner, field, about, otherwise, least, most)                         \
    {                                                                                          \
        .name = #field, .argument = "R", .help = about, .type = VOUCH_OPTION_REAL,             \
        .offset = offsetof(owner, field), .number = otherwise, .low = least, .high = most      \
    }
enum { VOUCH_ATTACK_MANY = 1000000 }; /* most steps, restarts, queries */

const vouch_attack *const *vouch_attack_table(void); /* NULL-terminated */
const vouch_attack *vouch_attack_find(const char *name);
/* As `choices` of an option row. */
bool vouch_attack_choices(size_t index, const char **name);

/* ---- what attacks call --------------------------------------------------------------------- */

/* The points worth going on with that may spend that many passes more. place[count]; returns how
 * many. A point is done with once an adversarial is found whose margin is not mere rounding;
 * without a bound on the distance only when its budget is spent. */
int64_t vouch_assault_open(const vouch_assault *a, int64_t passes, int64_t *place);
/* A random stream of a point, another for every (purpose, index). */
vouch_random vouch_assault_random(const vouch_assault *a, int64_t place, const char *purpose,
                                  uint64_t index);
/* The point itself. */
static inline const float *vouch_assault_x(const vouch_assault *a, int64_t place)
{
    return a->x + place * a->inputs;
}
/* p <- the nearest point of the cell and the ball of that place. */
void vouch_assault_project(const vouch_assault *a, int64_t place, float *p);
/* What row i is for. */
vouch_aim vouch_assault_aim(const vouch_assault *a, const vouch_rows *rows, int64_t i);

/* Room for that many rows. */
vouch_status vouch_rows_new(vouch_assault *a, int64_t capacity, vouch_rows *rows);
/* Fills place, target and x: the open points, each at state[place][inputs], towards its own
 * target. */
void vouch_rows_gather(const vouch_assault *a, int64_t passes, const float *state,
                       vouch_rows *rows);
/* z of the rows, one pass each; keeps what is adversarial. */
vouch_status vouch_rows_look(vouch_assault *a, vouch_rows *rows);
/* z, value and gradient, two passes each; keeps likewise. */
vouch_status vouch_rows_climb(vouch_assault *a, const vouch_objective *objective,
                              vouch_rows *rows);
/* A copy of all points, [count][inputs], where an attack's walk begins. NULL: out of memory. */
float *vouch_assault_copy(vouch_assault *a);
/* p[inputs] += length * the direction of steepest ascent in the ball's norm along gradient g; L1
 * moves the hundredth of the coordinates where it is steepest and p can still go. */
void vouch_assault_step(const vouch_assault *a, int64_t place, const float *g, double length,
                        float *p);
/* p <- uniform in the ball of `width` * eps, not projected. */
void vouch_assault_start(const vouch_assault *a, int64_t place, double width,
                         vouch_random *random, float *p);

/* ---- what the campaign calls --------------------------------------------------------------- */

/* Lays out what is not given: cells, scratch, results. Its inputs are set. */
vouch_status vouch_assault_prepare(vouch_assault *a);

#endif
