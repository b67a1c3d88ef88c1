/* Jumps, bend and degree of a sampled function (profile.h). */
#include "lab/profile.h"

#include <math.h>
#include <string.h>

static double sum_of_squares(int points, const double *f, int step)
{
    double sum = 0;
    for (int i = step; i < points; i += step)
        sum += (f[i] - f[i - step]) * (f[i] - f[i - step]);
    return sum;
}

static double variation(int points, const double *f)
{
    double sum = 0;
    for (int i = 1; i < points; i++)
        sum += fabs(f[i] - f[i - 1]);
    return sum;
}

static double dot(int points, const double *a, const double *b)
{
    double sum = 0;
    for (int i = 0; i < points; i++)
        sum += a[i] * b[i];
    return sum;
}

/* What is left of the rest, in size, once the polynomials of degrees 0, 1 .. are taken out, each
 * orthogonal to those before (Forsythe's recurrence): p' = x p - b p_before, x even around 0. */
static void explain(int points, const double *f, double *spare, double *left)
{
    double *p = spare, *before = spare + points, norm = points, norm_before = 1;
    double rest = dot(points, f, f);
    for (int i = 0; i < points; i++) {
        p[i] = 1;
        before[i] = 0;
    }
    for (int degree = 0; degree <= VOUCH_PROFILE_DEGREE; degree++) {
        const double part = dot(points, f, p), b = degree > 0 ? norm / norm_before : 0;
        rest = fmax(0, rest - part * part / norm);
        left[degree] = sqrt(rest);
        for (int i = 0; i < points; i++) {
            const double x = 2.0 * i / (points - 1) - 1, next = x * p[i] - b * before[i];
            before[i] = p[i];
            p[i] = next;
        }
        norm_before = norm;
        norm = dot(points, p, p);
    }
}

vouch_profile vouch_profile_of(int points, const double *f, double *spare)
{
    enum { PARTS = 100 };
    double left[VOUCH_PROFILE_DEGREE + 1], most = 0;
    const double all = variation(points, f);
    vouch_profile profile = {0};
    int degree = 1;
    for (int i = 0; i < points; i++)
        most = fmax(most, fabs(f[i]));
    if (!(all > 1e-9 * most) || !isfinite(all))
        return profile;
    profile.jumps =
        sqrt(fmax(0, 2 * sum_of_squares(points, f, 1) - sum_of_squares(points, f, 2))) / all;
    explain(points, f, spare, left);
    profile.bend = left[1] / left[0];
    while (degree < VOUCH_PROFILE_DEGREE && left[degree] * PARTS > left[0])
        degree++;
    profile.degree = degree;
    return profile;
}
