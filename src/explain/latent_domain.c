/* domain: what the box of latent maps says of a distance, and nothing else. Given distances say
 * nothing of others. */
#include "explain/latent_bound.h"

const vouch_latent_bounding vouch_latent_domain = {
    .name = "domain",
    .summary = "given distances say nothing of others: the domain alone",
};
