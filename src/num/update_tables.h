/* The updates of every instruction set; update.c chooses. */
#ifndef VOUCH_NUM_UPDATE_TABLES_H
#define VOUCH_NUM_UPDATE_TABLES_H

#include "num/update.h"

typedef struct vouch_update_table {
    void (*moments)(const vouch_moments *m);
    void (*columns)(const vouch_columns *c);
    void (*row_sums)(const vouch_row_sums *s);
    float (*contrast)(const vouch_contrast *c);
    void (*contrast_back)(const vouch_contrast_back *c);
    void (*boxes)(const vouch_boxes *b);
    void (*boxes_back)(const vouch_boxes_back *b);
    void (*signs)(const vouch_sign_step *s);
} vouch_update_table;

extern const vouch_update_table vouch_update_generic, vouch_update_avx2, vouch_update_avx512;

#endif
