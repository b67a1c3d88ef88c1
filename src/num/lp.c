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
    X(loadProblem)                                                                             \
    X(setDualObjectiveLimit)                                                                   \
    X(setMaximumIterations)                                                                    \
    X(setMaximumSeconds)                                                                       \
    X(dual)                                                                                    \
    X(status)                                                                                  \
    X(secondaryStatus)                                                                         \
    X(getIterationCount)                                                                       \
    X(statusArray)                                                                             \
    X(copyinStatus)                                                                            \
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

/* ---- solving ------------------------------------------------------------------------------ */

/* Every row slack, every column at its lower limit, which it has. */
static vouch_status set_slack_basis(vouch_context *ctx, const vouch_lp *lp,
                                    const vouch_lp_problem *problem)
{
    enum { BASIC = 1, AT_LOWER = 3 };
    size_t columns = (size_t)problem->columns, rows = (size_t)problem->rows;
    uint8_t *basis = vouch_alloc(ctx, columns + rows);

    if (!basis)
        return VOUCH_ERR_MEMORY;
    memset(basis, AT_LOWER, columns);
    memset(basis + columns, BASIC, rows);
    lp->library->copyinStatus(lp->model, basis);
    vouch_release(ctx, basis);
    return VOUCH_OK;
}

vouch_status vouch_lp_new(vouch_context *ctx, const vouch_lp_library *library,
                          const vouch_lp_problem *problem, const uint8_t *basis, vouch_lp **lp)
{
    vouch_status status = VOUCH_OK;

    *lp = NULL;
    vouch_lp *l = vouch_alloc(ctx, sizeof *l);
    if (!l)
        return VOUCH_ERR_MEMORY;
    l->library = library;
    l->model = library->newModel();
    if (!l->model) {
        vouch_release(ctx, l);
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "linear program: out of memory");
    }
    library->setLogLevel(l->model, 0);
    library->loadProblem(l->model, problem->columns, problem->rows, problem->start,
                         problem->row, problem->value, problem->low, problem->high,
                         problem->cost, problem->row_low, problem->row_high);
    if (basis)
        library->copyinStatus(l->model, basis);
    else
        status = set_slack_basis(ctx, l, problem);
    if (status)
        vouch_lp_free(ctx, l);
    else
        *lp = l;
    return status;
}

void vouch_lp_free(vouch_context *ctx, vouch_lp *lp)
{
    if (lp)
        lp->library->deleteModel(lp->model);
    vouch_release(ctx, lp);
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

const uint8_t *vouch_lp_basis(const vouch_lp *lp)
{
    return lp->library->statusArray(lp->model);
}

double *vouch_lp_ray(const vouch_lp *lp) { return lp->library->infeasibilityRay(lp->model); }

void vouch_lp_free_ray(const vouch_lp *lp, double *ray)
{
    if (ray)
        lp->library->freeRay(lp->model, ray);
}
