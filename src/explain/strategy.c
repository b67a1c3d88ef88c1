/* The tables of strategies and of traversal orders, expanded from strategy.def and order.def. */
#include "explain/strategy.h"

#include <string.h>

#define VOUCH_STRATEGY(name) extern const vouch_strategy vouch_strategy_##name;
#include "explain/strategy.def"
#undef VOUCH_STRATEGY
#define VOUCH_ORDER(name) extern const vouch_order vouch_order_##name;
#include "explain/order.def"
#undef VOUCH_ORDER

const vouch_strategy *const *vouch_strategy_table(void)
{
    static const vouch_strategy *const table[] = {
#define VOUCH_STRATEGY(name) &vouch_strategy_##name,
#include "explain/strategy.def"
#undef VOUCH_STRATEGY
        NULL};
    return table;
}

const vouch_order *const *vouch_order_table(void)
{
    static const vouch_order *const table[] = {
#define VOUCH_ORDER(name) &vouch_order_##name,
#include "explain/order.def"
#undef VOUCH_ORDER
        NULL};
    return table;
}

const vouch_strategy *vouch_strategy_find(const char *name)
{
    const vouch_strategy *const *at = vouch_strategy_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

const vouch_order *vouch_order_find(const char *name)
{
    const vouch_order *const *at = vouch_order_table();
    while (*at && strcmp((*at)->name, name) != 0)
        at++;
    return *at;
}

bool vouch_strategy_choices(size_t index, const char **name)
{
    const vouch_strategy *strategy = vouch_strategy_table()[index];
    *name = strategy ? strategy->name : NULL;
    return strategy != NULL;
}

bool vouch_order_choices(size_t index, const char **name)
{
    const vouch_order *order = vouch_order_table()[index];
    *name = order ? order->name : NULL;
    return order != NULL;
}
