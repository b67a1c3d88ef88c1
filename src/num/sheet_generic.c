/* The sheets of num/sheet.h in plain C. */
#include "num/sheet_tables.h"

#define TABLE vouch_sheet_generic
#define WIDTH 4
#include "num/sheet_kernels.inc"
