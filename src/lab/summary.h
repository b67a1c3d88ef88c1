/* A figure over repetitions: its mean, and the 95 % interval by Student's t. */
#ifndef VOUCH_LAB_SUMMARY_H
#define VOUCH_LAB_SUMMARY_H

typedef struct vouch_summary {
    int count;
    double sum, square; /* of deviations from the mean */
} vouch_summary;

/* Values that are no numbers do not count. */
void vouch_summary_add(vouch_summary *s, double value);
double vouch_summary_mean(const vouch_summary *s); /* NaN of none */
double vouch_summary_half(const vouch_summary *s); /* of the interval; NaN of less than 2 */

#endif
