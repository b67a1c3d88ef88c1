/*
 * Runs a fuzz target without libFuzzer: on the empty input, then on every regular file of the
 * files and folders given. Every input that once broke something lives in fuzz/corpus/<name>/
 * and is replayed by the ordinary tests, with any compiler.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size ? size : 1);
    int ok = file && data && fread(data, 1, size, file) == size;

    if (ok)
        (void)LLVMFuzzerTestOneInput(data, size);
    else
        (void)fprintf(stderr, "%s: cannot read: %s\n", path, strerror(errno));
    free(data);
    if (file)
        (void)fclose(file);
    return ok ? 0 : 1;
}

static int run_path(const char *path, unsigned *count);

static int run_folder(const char *path, unsigned *count)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, NULL, alphasort);
    int failed = n < 0;

    for (int i = 0; i < n; i++) {
        char child[4096];

        (void)snprintf(child, sizeof child, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            failed |= run_path(child, count);
        free(names[i]);
    }
    free(names);
    return failed;
}

static int run_path(const char *path, unsigned *count)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    if (S_ISDIR(info.st_mode))
        return run_folder(path, count);
    ++*count;
    return run_file(path, (size_t)info.st_size);
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    int failed = 0;

    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        failed |= run_path(argv[i], &count);
    (void)printf("%u inputs replayed\n", count);
    return failed;
}
