/* A function along a line, sampled evenly: how much of its change is jumps, and how far it is from
 * a straight line.
 *
 * Jumps. The sum of squared differences of neighbours tells a jump from a slope: what comes from a
 * slope halves when the steps are halved, what comes from a jump stays. With Q(h) that sum, jumps
 * have 2 Q(h / 2) - Q(h) (Richardson's extrapolation to h = 0). Its root over the total variation
 * is 1 of one jump; a continuous function leaves what goes to 0 with the step, at 32 steps some
 * hundredths where it turns or has a kink.
 *
 * Bend, degree. Of the function's deviation from its mean, the share that no straight line explains;
 * the least degree of a polynomial that explains all but a hundredth. Both by least squares.
 */
#ifndef VOUCH_LAB_PROFILE_H
#define VOUCH_LAB_PROFILE_H

enum { VOUCH_PROFILE_DEGREE = 16 }; /* or more */

typedef struct vouch_profile {
    double jumps, bend, degree; /* all 0 of what does not change */
} vouch_profile;

/* f[points] at 0, 1, .. points - 1, which is odd; spare[2 * points]. */
vouch_profile vouch_profile_of(int points, const double *f, double *spare);

#endif
