/* Gap: cut the input that feeds the loosest relaxations.
 *
 * What keeps a row from being proved is the slack of the relaxed neurons. Neuron j costs the
 * row gap_j = |coefficient| x largest distance of its line from the curve; cutting x_d narrows
 * j's pre-activation interval by the share of it that x_d spans:
 *
 *     score_d = sum_j gap_j * |dz_j/dx_d| width_d / (u_j - l_j)   (+ a little width, to break
 * ties)
 */
#include "verify/split.h"

static void score(const vouch_split_view *view, double *score)
{
    double widest = 0, most = 0;
    for (int d = 0; d < view->input_size; d++) {
        widest = view->width[d] > widest ? view->width[d] : widest;
        most = view->gap[d] > most ? view->gap[d] : most;
    }
    for (int d = 0; d < view->input_size; d++)
        score[d] = view->gap[d] + 0.02 * most * view->width[d] / (widest > 0 ? widest : 1) +
                   1e-30 * view->width[d];
}

const vouch_split vouch_split_gap = {.name = "gap",
                                     .summary = "inputs that feed the loosest relaxations",
                                     .citation = "vouch",
                                     .needs = VOUCH_SPLIT_NEEDS_GAP,
                                     .score = score};
