/* The best points of a search, sorted, without repetition of a value in a case. */
#include "attack/attack_priv.h"

#include <math.h>
#include <string.h>

bool vouch_leads_new(vouch_arena *arena, int64_t inputs, vouch_leads *leads)
{
    double *points = VOUCH_NEW_ARRAY(arena, double, VOUCH_LEADS *inputs);
    *leads = (vouch_leads){0};
    for (int i = 0; points && i < VOUCH_LEADS; i++)
        leads->lead[i].point = points + i * inputs;
    return points != NULL;
}

void vouch_leads_add(vouch_leads *leads, double value, int which_case, const double *point,
                     int64_t inputs)
{
    vouch_lead *lead = leads->lead;
    int at = leads->count;

    if (isnan(value) || (at == VOUCH_LEADS && !(value < lead[at - 1].value)))
        return;
    for (int i = 0; i < leads->count; i++)
        if (lead[i].value == value && lead[i].which_case == which_case)
            return;
    if (at == VOUCH_LEADS)
        at--;
    else
        leads->count++;
    vouch_lead fresh = lead[at];
    for (; at > 0 && lead[at - 1].value > value; at--)
        lead[at] = lead[at - 1];
    fresh.value = value;
    fresh.which_case = which_case;
    memcpy(fresh.point, point, (size_t)inputs * sizeof *point);
    lead[at] = fresh;
}
