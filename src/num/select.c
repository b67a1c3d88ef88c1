/* Selection without sorting (select.h): Hoare 1961, "Find". */
#include "num/select.h"

float vouch_select_greatest(float *a, int64_t n, int64_t k)
{
    for (int64_t low = 0, high = n - 1; low < high;) {
        const float pivot = a[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (a[i] > pivot)
                i++;
            while (a[j] < pivot)
                j--;
            if (i <= j) {
                const float swap = a[i];
                a[i++] = a[j];
                a[j--] = swap;
            }
        }
        low = k > j ? i : low;
        high = k < i ? j : high;
        if (k > j && k < i)
            break;
    }
    return a[k];
}
