/* Verifies one property of one network:   verify NET SPEC [SETTING VALUE]...
 *
 * Build:  cc verify.c $(pkg-config --cflags --libs --static vouch) -o verify
 */
#include <stdio.h>

#include <vouch/vouch.h>

static void print_answer(const vouch_network *network, const vouch_result *result)
{
    puts(vouch_verdict_name(vouch_result_verdict(result)));
    printf("%llu subproblems\n", (unsigned long long)vouch_result_subproblems(result));
    const double *witness = vouch_result_witness(result);
    for (int64_t i = 0; witness && i < vouch_network_inputs(network); i++)
        printf("X_%lld = %.17g\n", (long long)i, witness[i]);
}

int main(int argc, char **argv)
{
    vouch_setting settings[8];
    size_t count = 0;
    for (int i = 3; i + 1 < argc && count < 8; i += 2)
        settings[count++] = (vouch_setting){argv[i], argv[i + 1]};

    vouch_context *ctx = argc < 3 ? NULL : vouch_context_new(NULL);
    if (ctx == NULL)
        return 2;
    vouch_network *network = NULL;
    vouch_property *property = NULL;
    vouch_result *result = NULL;
    vouch_status s = vouch_network_load(ctx, argv[1], &network);
    if (!s)
        s = vouch_property_load(ctx, network, argv[2], &property);
    if (!s)
        s = vouch_network_verify(ctx, network, property, settings, count, &result);
    if (s)
        fprintf(stderr, "%s\n", vouch_context_error(ctx));
    else
        print_answer(network, result);
    vouch_result_free(result);
    vouch_property_free(property);
    vouch_network_free(network);
    vouch_context_free(ctx);
    return s ? 3 : 0;
}
