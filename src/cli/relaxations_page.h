/* The page of `vouch lab relaxations`: a vouch_cli_study's section and finish. */
#ifndef VOUCH_CLI_RELAXATIONS_PAGE_H
#define VOUCH_CLI_RELAXATIONS_PAGE_H

#include "cli/grid_report.h"
#include "lab/relaxations.h"

/* The study's `own` is its vouch_relaxations. */
vouch_status vouch_cli_relaxations_section(vouch_cli_page *page, const vouch_plan_place *place);
vouch_status vouch_cli_relaxations_finish(vouch_cli_page *page);

#endif
