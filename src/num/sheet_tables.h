/* The sheets of every instruction set; sheet.c chooses. */
#ifndef VOUCH_NUM_SHEET_TABLES_H
#define VOUCH_NUM_SHEET_TABLES_H

#include "num/sheet.h"

typedef struct vouch_sheet_table {
    void (*sums)(const vouch_sheet_sums *s);
    void (*map)(const vouch_sheet_map *s);
    void (*back)(const vouch_sheet_back *s);
    void (*pair)(const vouch_sheet_pair *s);
    void (*pass)(const vouch_sheet_pass *s);
} vouch_sheet_table;

extern const vouch_sheet_table vouch_sheet_generic, vouch_sheet_avx2, vouch_sheet_avx512;

#endif
