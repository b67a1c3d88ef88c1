/* Matrices of numbers in Matlab files of level 5 (what Matlab saves with -v6 and -v7). */
#ifndef VOUCH_IO_MAT_H
#define VOUCH_IO_MAT_H

#include "io/array.h"

/* The matrix of that name, as an array of `rank` axes whose order is reversed: Matlab has the
 * first axis innermost, so its last one is that of the entries. Axes of length 1 are left out,
 * or put in front, where the file has more or fewer. */
vouch_status vouch_mat_open(vouch_arena *arena, const char *path, const char *name, int rank,
                            vouch_array *array);

#endif
