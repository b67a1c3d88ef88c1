/* What the files of a net share.
 *
 * A net is a list of layers in topological order. Layer i takes one or two earlier values and
 * gives value i + 1; value 0 is the net's input. A kind of layer is a descriptor (net_kind), one
 * file layer_NAME.c and one line in layer.def; nothing else knows kinds.
 *
 * Values lie as net_image says, of all samples. Their adjoints lie likewise, in a border of their
 * own; of one sample at a time where the value's producer and readers work sample by sample in
 * one run, of all samples elsewhere. A value may have several readers: the last in the list sets
 * the adjoint, the others add to it. Borders of values and adjoints are 0 always.
 *
 * A ReLU is part of the layer before it, where the kind can do that: forward that layer cuts what
 * it gives; backward every reader of the value shuts its adjoint where the value is not positive.
 */
#ifndef VOUCH_GRAD_NET_PRIV_H
#define VOUCH_GRAD_NET_PRIV_H

#include "grad/net.h"
#include "num/indirect.h"

enum { NET_TAKES = 2 }; /* values that a layer takes, at most */

/* How a value of one sample lies in memory: pixel by pixel, channels innermost, in a border of
 * zeros. */
typedef struct net_image {
    int64_t h, w, c; /* c with filling: a multiple of 16, but for what is the net's input */
    int64_t top, left, bottom, right;
    int64_t pitch, stride; /* floats of a line with its border; from sample to sample */
} net_image;

typedef struct net_value {
    int64_t real[3]; /* channels, height, width as the graph has them; a flat input is a line */
    bool flat;       /* in the graph; what lies in an image may be flat there */
    int readers;
    bool gate;    /* a ReLU gave it */
    bool whole;   /* adjoints of all samples */
    bool learned; /* depends on parameters; otherwise its adjoint serves the inputs' alone */
    net_image image, adjoint;
    int shares, adjoint_shares; /* the value whose memory this one has: itself, or another */
} net_value;

/* What a layer wants to lie around values: top, left, bottom, right. */
typedef struct net_margins {
    int64_t value[NET_TAKES][4];   /* around what it takes */
    int64_t adjoint[NET_TAKES][4]; /* around the adjoint of that, which it writes */
    int64_t out[4];                /* around the adjoint of what it gives, which it reads */
} net_margins;

struct net_weights; /* grad/net_weights.h */

typedef struct net_layer {
    const struct net_kind *kind;
    int take_count, take[NET_TAKES], give; /* values */
    bool relu;
    bool whole;                  /* takes all samples at once; otherwise one by one */
    bool adds[NET_TAKES];        /* to the adjoint, which a later reader has set */
    int run;                     /* layers of one run go sample by sample together */
    int64_t units;               /* of `refresh` */
    struct net_weights *weights; /* of the kinds that have weights in panels; NULL */
    void *own;                   /* of the kind */
} net_layer;

struct vouch_net {
    int layer_count; /* values are one more */
    net_layer *layer;
    net_value *value;
    int64_t inputs, outputs;
    int64_t size, back_size, scratch; /* floats: parameters; derived; of one tape's scratch */
    int64_t state, statistic_count;   /* floats: of one tape; of running statistics */
    int64_t least_samples;            /* of a pass in training mode */
    bool training;                    /* layers keep their parameters apart */
    float *parameters, *back, *statistics;
    float *scale, *shift; /* [inputs]: the normalisation */
};

/* What a tape holds: points; of boxes, the centres or the radii (grad/box.h); derivatives
 * along a direction at the points of another tape, whose ReLUs' gates are theirs; or linear forms,
 * whose adjoints are all kept. */
typedef enum net_plane {
    NET_POINTS,
    NET_CENTRES,
    NET_RADII,
    NET_TANGENTS,
    NET_FORMS
} net_plane;

struct vouch_tape {
    const vouch_net *net;
    net_plane plane;
    /* Of centres: that of the radii, and the other way round; of forms: that of the centres; NULL */
    const vouch_tape *pair;
    bool bare;            /* radii: normalisations scale by the deviation alone */
    const vouch_tape *at; /* whose gates adjoints meet: this one, or that of the points */
    int64_t count, capacity;
    float **value, **adjoint;    /* [values] */
    int64_t **row, **adjoint_at; /* [values][capacity] where samples begin there */
    float *scratch, *state;
    float *statistics; /* of the last pass in training mode */
    bool training;
    uint64_t seed; /* of what is drawn */
    const uint64_t *name;
    int64_t name_count;
};

/* ---- kinds ----------------------------------------------------------------------------------- */

/* A graph being read (net_read.c). */
typedef struct net_reading {
    vouch_context *ctx;
    vouch_arena *arena;
    const vouch_graph *graph;
    vouch_net *net;
    const vouch_node *node;
    int *value_of; /* [values of the graph] the net's value; -1: none */
    int *readers;  /* [values of the graph] the graph's output counts as one */
    vouch_status status;
} net_reading;

typedef struct net_planning {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_net *net;
} net_planning;

/* A pass over samples [first, first + count): one, or all where the layer is `whole`. */
typedef struct net_job {
    const vouch_tape *tape;
    const net_layer *layer;
    int64_t first, count;
    bool inputs;     /* backward: adjoints of the net's input are wanted */
    float *gradient; /* backward: of all parameters; NULL: not wanted */
    bool adds;       /* backward: to the gradient, at sample 0 too */
    bool settled;    /* backward: adjoints are there already, the gradient alone is wanted */
    /* Backward of points: tangents at them, whose adjoints of what is given are there. What is not
     * linear in pieces adds to the points' adjoint how its derivative changes. NULL: none. */
    const vouch_tape *bent;
} net_job;

typedef struct net_kind {
    const char *name;
    bool relu;  /* may have a ReLU as a part */
    bool keeps; /* gives what it takes, moved */
    /* Its passes go by planes: on radii with magnitudes of weights and no bias, the gradient added
     * to that of the centres; ReLUs on points and gates on points and tangents alone, tangents
     * without bias; forms (grad/form.h) with bias, without ReLUs and gates. What is not affine
     * passes radii on as spreads (grad/box.h) see them: curves as they are. */
    bool planes, tangents, forms;
    /* Boxes through what is not affine, and adjoints back: the job's tape is that of the centres,
     * its pair that of the radii. NULL: both planes alone, as above. */
    void (*boxes)(const net_job *job);
    void (*boxes_back)(const net_job *job);
    /* Whether the node is such a layer; then it has been added (vouch_net_add_layer), or the
     * node changes nothing (vouch_net_pass_on). */
    bool (*read)(net_reading *r);
    /* Raises margins from 0; sizes of values are known. NULL: none wanted. */
    void (*margins)(const vouch_net *net, net_layer *l, net_margins *m);
    /* Tables, places among the parameters; images are known. NULL: nothing to do. */
    vouch_status (*plan)(const net_planning *p, net_layer *l);
    void (*forward)(const net_job *job);
    /* Adjoints of what it takes (net_wants), gated by that value if it has a gate, and its part of the
     * gradient: set at sample 0, then added to. */
    void (*backward)(const net_job *job);
    /* One of l->units parts of what derives from parameters; NULL: nothing does. */
    void (*refresh)(vouch_net *net, const net_layer *l, int64_t unit);
    /* Parameters from the graph's constants, and into copies of them. NULL: has none. */
    void (*load)(vouch_net *net, const net_layer *l, const vouch_graph *graph);
    vouch_status (*store)(vouch_context *ctx, const vouch_net *net, const net_layer *l,
                          vouch_graph *graph);
    /* Moves running statistics by those of passes; NULL: keeps none. */
    void (*absorb)(vouch_net *net, const net_layer *l, const vouch_net_passes *passes);
} net_kind;

const net_kind *const *vouch_net_kinds(void);

/* ---- reading --------------------------------------------------------------------------------- */

/* Input i of the node if that is constant; NULL. */
const vouch_tensor *vouch_net_constant(const net_reading *r, int i);
/* The net's value that is the only varying input of the node; -1: not so. */
int vouch_net_taken(const net_reading *r);
/* All ints of an attribute are `value` (absent: they are). */
bool vouch_net_all_are(const net_reading *r, const char *name, int64_t value);
const vouch_shape *vouch_net_shape_out(const net_reading *r);
/* A layer that takes `take` and gives the node's output, with `own_size` bytes of its own, all 0.
 * The value it gives is as the one it takes until the kind changes that. NULL: no memory. */
net_layer *vouch_net_add_layer(net_reading *r, int take, size_t own_size);
/* A layer of the node's two inputs if both vary and are alike: nothing is broadcast. */
bool vouch_net_add_pair(net_reading *r);
/* Sizes of what a layer gives, channels filled up to whole lanes. */
void vouch_net_set_size(net_reading *r, const net_layer *l, int64_t c, int64_t h, int64_t w);
/* The node's output is `value`. */
void vouch_net_pass_on(net_reading *r, int value);

/* Finds layers in the graph; false in *fits where some node is none (net_read.c). */
vouch_status vouch_net_read(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                            vouch_net *net, bool *fits);
/* Lays out values, parameters and what layers need (net_plan.c). */
vouch_status vouch_net_plan(vouch_context *ctx, vouch_arena *arena, vouch_net *net);

/* ---- passes ---------------------------------------------------------------------------------- */

/* Layers [from, to) that are one run, and how many samples they take at a time. */
typedef struct net_stretch {
    int from, to;
    int64_t step;
} net_stretch;

/* A tape with the capacity and the plane of `like`. */
vouch_status vouch_net_new_tape(vouch_context *ctx, vouch_arena *arena, const vouch_net *net,
                                const vouch_tape *like, vouch_tape **tape);
/* That of layer i. */
net_stretch vouch_net_stretch(const vouch_tape *t, int i);
/* Tangents of what the job's layer gave pass where the points' is positive. */
void vouch_net_shut(const net_job *job);
/* Sample s of the net's input, normalised; radii are scaled alone. */
void vouch_net_take_input(const vouch_tape *t, int64_t s, const float *x);

/* ---- small parts ----------------------------------------------------------------------------- */

static inline int64_t net_fill(int64_t n)
{
    return (n + VOUCH_LANE - 1) / VOUCH_LANE * VOUCH_LANE;
}

static inline int64_t net_panels(int64_t n) { return (n + VOUCH_PANEL - 1) / VOUCH_PANEL; }

static inline int64_t net_at(const net_image *image, int64_t y, int64_t x)
{
    return (y + image->top) * image->pitch + (x + image->left) * image->c;
}

static inline bool net_wants(const net_job *job, int k)
{
    return !job->settled && (job->inputs || job->tape->net->value[job->layer->take[k]].learned);
}

static inline float *net_value_at(const vouch_tape *t, int v, int64_t sample)
{
    return t->value[v] + t->row[v][sample];
}

static inline float *net_adjoint_at(const vouch_tape *t, int v, int64_t sample)
{
    return t->adjoint[v] + t->adjoint_at[v][sample];
}

/* The layer cuts what it gives: box.h does that for centres and radii. */
static inline bool net_cuts(const net_job *job)
{
    return job->layer->relu && job->tape->plane == NET_POINTS;
}

/* What shuts the adjoint of a value; NULL: nothing. */
static inline const float *net_gate_at(const vouch_tape *t, int v, int64_t sample)
{
    const bool shuts = t->plane == NET_POINTS || t->plane == NET_TANGENTS;
    return t->net->value[v].gate && shuts ? net_value_at(t->at, v, sample) : NULL;
}

#endif
