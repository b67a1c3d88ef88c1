/* The solver behind a table of its functions, filled by the dynamic loader (lp.h). */
#include "num/lp.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

#include <coin/Clp_C_Interface.h>

#define FUNCTIONS(X)                                                                           \
    X(newModel)                                                                                \
    X(deleteModel)                                                                             \
    X(setLogLevel)                                                                             \
    X(addColumns)                                                                              \
    X(addRows)                                                                                 \
    X(deleteRows)                                                                              \
    X(numberRows)                                                                              \
    X(chgColumnLower)                                                                          \
    X(chgColumnUpper)                                                                          \
    X(chgRowLower)                                                                             \
    X(chgRowUpper)                                                                             \
    X(modifyCoefficient)                                                                       \
    X(setDualObjectiveLimit)                                                                   \
    X(setMaximumIterations)                                                                    \
    X(setMaximumSeconds)                                                                       \
    X(dual)                                                                                    \
    X(status)                                                                                  \
    X(secondaryStatus)                                                                         \
    X(getIterationCount)                                                                       \
    X(statusArray)                                                                             \
    X(copyinStatus)                                                                            \
    X(numberColumns)                                                                           \
    X(getColSolution)                                                                          \
    X(getRowPrice)                                                                             \
    X(infeasibilityRay)                                                                        \
    X(freeRay)

/* The types are those of the solver's own header. */
#define MEMBER(name) __typeof__(&Clp_##name) name;
struct vouch_lp_library {
    void *handle;
    FUNCTIONS(MEMBER)
};
#undef MEMBER

struct vouch_lp {
    const vouch_lp_library *library;
    Clp_Simplex *model;
};

/* Infinite limits, as Clp writes them. */
static const double unlimited = 1e50;

/* ---- loading ----------------------------------------------------------------------------- */

/* A data pointer as a function pointer: what POSIX promises of dlsym, and ISO C has no cast for.
 */
static bool find(void *handle, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(handle, name);

    memcpy(function, &symbol, size);
    return symbol != NULL;
}

static bool find_all(vouch_lp_library *l)
{
#define FIND(name) &&find(l->handle, "Clp_" #name, &l->name, sizeof l->name)
    return true FUNCTIONS(FIND);
#undef FIND
}

vouch_status vouch_lp_load(vouch_context *ctx, vouch_lp_library **library)
{
    static const char *const names[] = {"libClp.so.1", "libClp.so"};

    *library = NULL;
    vouch_lp_library *l = vouch_alloc(ctx, sizeof *l);
    if (!l)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < 2 && !l->handle; i++)
        l->handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (l->handle && find_all(l))
        *library = l;
    else
        vouch_lp_unload(ctx, l);
    return VOUCH_OK;
}

void vouch_lp_unload(vouch_context *ctx, vouch_lp_library *library)
{
    if (library && library->handle)
        dlclose(library->handle);
    vouch_release(ctx, library);
}

/* ---- models ------------------------------------------------------------------------------ */

vouch_status vouch_lp_new(vouch_context *ctx, const vouch_lp_library *library, int columns,
                          const double *low, const double *high, const double *cost,
                          vouch_lp **lp)
{
    *lp = NULL;
    int *start = vouch_alloc(ctx, ((size_t)columns + 1) * sizeof *start);
    vouch_lp *l = vouch_alloc(ctx, sizeof *l);
    if (start && l)
        l->model = library->newModel();
    if (!start || !l || !l->model) {
        vouch_release(ctx, start);
        vouch_release(ctx, l);
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "linear program: out of memory");
    }
    l->library = library;
    library->setLogLevel(l->model, 0);
    library->addColumns(l->model, columns, low, high, cost, start, NULL, NULL);
    vouch_release(ctx, start);
    *lp = l;
    return VOUCH_OK;
}

void vouch_lp_free(vouch_context *ctx, vouch_lp *lp)
{
    if (lp)
        lp->library->deleteModel(lp->model);
    vouch_release(ctx, lp);
}

void vouch_lp_append(vouch_lp *lp, int count, const int *column, const double *value,
                     double low, double high)
{
    const CoinBigIndex start[2] = {0, count};

    lp->library->addRows(lp->model, 1, &low, &high, start, column, value);
}

void vouch_lp_drop_rows(vouch_lp *lp, int keep)
{
    for (int last = lp->library->numberRows(lp->model) - 1; last >= keep; last--)
        lp->library->deleteRows(lp->model, 1, &last);
}

void vouch_lp_limit_columns(vouch_lp *lp, const double *low, const double *high)
{
    lp->library->chgColumnLower(lp->model, low);
    lp->library->chgColumnUpper(lp->model, high);
}

void vouch_lp_limit_rows(vouch_lp *lp, const double *low, const double *high)
{
    lp->library->chgRowLower(lp->model, low);
    lp->library->chgRowUpper(lp->model, high);
}

void vouch_lp_set_entry(vouch_lp *lp, int row, int column, double value)
{
    lp->library->modifyCoefficient(lp->model, row, column, value, true);
}

/* ---- solving ----------------------------------------------------------------------------- */

void vouch_lp_slack_basis(const vouch_lp *lp, uint8_t *basis)
{
    enum { BASIC = 1, AT_LOWER = 3 };
    int columns = lp->library->numberColumns(lp->model);

    memset(basis, AT_LOWER, (size_t)columns);
    memset(basis + columns, BASIC, (size_t)lp->library->numberRows(lp->model));
}

void vouch_lp_set_basis(vouch_lp *lp, const uint8_t *basis)
{
    lp->library->copyinStatus(lp->model, basis);
}

void vouch_lp_get_basis(const vouch_lp *lp, uint8_t *basis)
{
    int count = lp->library->numberColumns(lp->model) + lp->library->numberRows(lp->model);
    const unsigned char *status = lp->library->statusArray(lp->model);

    if (status)
        memcpy(basis, status, (size_t)count);
    else
        vouch_lp_slack_basis(lp, basis);
}

vouch_lp_state vouch_lp_solve(vouch_lp *lp, const vouch_lp_effort *effort)
{
    enum { OPTIMAL, INFEASIBLE, REACHED_LIMIT = 1 };
    const vouch_lp_library *l = lp->library;

    l->setDualObjectiveLimit(lp->model, isfinite(effort->enough) ? effort->enough : unlimited);
    l->setMaximumIterations(lp->model, effort->iterations);
    l->setMaximumSeconds(lp->model, effort->seconds);
    l->dual(lp->model, 0);
    int status = l->status(lp->model);
    if (status == OPTIMAL)
        return VOUCH_LP_OPTIMAL;
    if (status != INFEASIBLE)
        return VOUCH_LP_FAILED;
    return l->secondaryStatus(lp->model) == REACHED_LIMIT ? VOUCH_LP_ABOVE
                                                          : VOUCH_LP_INFEASIBLE;
}

const double *vouch_lp_point(const vouch_lp *lp)
{
    return lp->library->getColSolution(lp->model);
}

const double *vouch_lp_multipliers(const vouch_lp *lp)
{
    return lp->library->getRowPrice(lp->model);
}

int vouch_lp_iterations(const vouch_lp *lp)
{
    return lp->library->getIterationCount(lp->model);
}

double *vouch_lp_ray(const vouch_lp *lp) { return lp->library->infeasibilityRay(lp->model); }

void vouch_lp_free_ray(const vouch_lp *lp, double *ray)
{
    if (ray)
        lp->library->freeRay(lp->model, ray);
}
