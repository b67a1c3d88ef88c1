/* The page of `vouch lab co`: a vouch_cli_study's section and finish. */
#ifndef VOUCH_CLI_CO_PAGE_H
#define VOUCH_CLI_CO_PAGE_H

#include "cli/grid_report.h"
#include "lab/co.h"

vouch_status vouch_cli_co_section(vouch_cli_page *page, const vouch_plan_place *place);
vouch_status vouch_cli_co_finish(vouch_cli_page *page);

#endif
