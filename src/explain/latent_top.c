/* top: the most similar prototypes, k of them: their similarities are given, and that no other
 * prototype is more similar than the least of them. Distances of other prototypes are bounded by
 * the domain alone. The least k that proves the class is found. */
#include "explain/latent_bound.h"

const vouch_latent_bounding vouch_latent_top = {
    .name = "top",
    .summary = "the k most similar prototypes; all others are less similar",
    .citation = "Soria et al. 2026, top-k",
    .top = true,
};
