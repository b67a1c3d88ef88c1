/* The page of `vouch lab tradeoff`: a vouch_cli_study's section and finish. */
#ifndef VOUCH_CLI_TRADEOFF_PAGE_H
#define VOUCH_CLI_TRADEOFF_PAGE_H

#include "cli/grid_report.h"
#include "lab/tradeoff.h"

vouch_status vouch_cli_tradeoff_section(vouch_cli_page *page, const vouch_plan_place *place);
vouch_status vouch_cli_tradeoff_finish(vouch_cli_page *page);

#endif
