#include "io/io.h"
#include "support/support.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

typedef struct fixture {
    vouch_context *ctx;
    vouch_arena *arena;
    char folder[VOUCH_TEST_PATH], path[VOUCH_TEST_PATH];
} fixture;

static int set_up(void **state)
{
    static fixture f; /* one test runs at a time */
    f.ctx = vouch_test_context();
    f.arena = vouch_arena_new(f.ctx);
    vouch_test_temp_dir(f.folder);
    vouch_test_join(f.folder, "file", f.path);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    vouch_test_remove_dir(f->folder);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
    return 0;
}

static size_t compress_into(unsigned char *out, size_t room, const void *data, size_t size)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)data;
    z.avail_in = (unsigned)size;
    z.next_out = out;
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static vouch_status read_path(fixture *f, size_t limit, vouch_file *file)
{
    return vouch_file_read(f->arena, f->path, limit, file);
}

static void a_file_is_read_with_its_hash(void **state)
{
    fixture *f = *state;
    vouch_file file;
    vouch_test_write(f->path, "abc", 3);
    vouch_test_ok(f->ctx, read_path(f, 3, &file));
    assert_int_equal(file.size, 3);
    assert_string_equal(file.data, "abc"); /* NUL-terminated */
    assert_string_equal(file.sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void an_empty_file_is_read(void **state)
{
    fixture *f = *state;
    vouch_file file;
    vouch_test_write(f->path, "", 0);
    vouch_test_ok(f->ctx, read_path(f, 0, &file));
    assert_int_equal(file.size, 0);
    assert_string_equal(file.data, "");
}

static void gzip_is_seen_by_its_bytes_and_hashed_uncompressed(void **state)
{
    fixture *f = *state;
    unsigned char packed[100];
    vouch_file file;
    vouch_test_write(f->path, packed, compress_into(packed, sizeof packed, "abc", 3));
    vouch_test_ok(f->ctx, read_path(f, 3, &file));
    assert_string_equal(file.data, "abc");
    assert_string_equal(file.sha256,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void gzip_members_are_joined(void **state)
{
    fixture *f = *state;
    unsigned char packed[200];
    vouch_file file;
    size_t size = compress_into(packed, 100, "abc", 3);
    size += compress_into(packed + size, 100, "defg", 4);
    vouch_test_write(f->path, packed, size);
    vouch_test_ok(f->ctx, read_path(f, 100, &file));
    assert_string_equal(file.data, "abcdefg");
}

static void a_missing_file_is_looked_for_with_gz(void **state)
{
    fixture *f = *state;
    unsigned char packed[100];
    char packed_path[VOUCH_TEST_PATH];
    vouch_file file;
    vouch_test_fails(f->ctx, read_path(f, 3, &file), VOUCH_ERR_IO,
                     "file: cannot open: No such file");
    vouch_test_join(f->folder, "file.gz", packed_path);
    vouch_test_write(packed_path, packed, compress_into(packed, sizeof packed, "abc", 3));
    vouch_test_ok(f->ctx, read_path(f, 3, &file));
    assert_string_equal(file.data, "abc");
}

static void a_folder_is_no_file(void **state)
{
    fixture *f = *state;
    vouch_file file;
    vouch_test_fails(f->ctx, vouch_file_read(f->arena, f->folder, 10, &file), VOUCH_ERR_IO,
                     "cannot read: Is a directory");
}

static void a_pipe_is_read_to_its_end(void **state)
{
    fixture *f = *state;
    vouch_file file;
    assert_int_equal(mkfifo(f->path, 0600), 0);
    pid_t child = fork();
    if (child == 0) {
        FILE *pipe = fopen(f->path, "wb");
        for (int i = 0; pipe && i < 100000; i++)
            (void)fputc('a' + i % 26, pipe);
        if (pipe)
            (void)fclose(pipe);
        _exit(0);
    }
    vouch_test_ok(f->ctx, read_path(f, 1 << 20, &file));
    assert_int_equal(file.size, 100000);
    assert_int_equal(file.data[99999], 'a' + 99999 % 26);
}

static void a_file_over_the_limit_is_refused(void **state)
{
    fixture *f = *state;
    vouch_file file;
    vouch_test_write(f->path, "abcd", 4);
    vouch_test_fails(f->ctx, read_path(f, 3, &file), VOUCH_ERR_LIMIT,
                     "file: is larger than 3 bytes");
}

static void an_endless_file_is_stopped_at_the_limit(void **state)
{
    fixture *f = *state;
    vouch_file file;
    vouch_test_fails(f->ctx, vouch_file_read(f->arena, "/dev/zero", 1 << 20, &file),
                     VOUCH_ERR_LIMIT, "/dev/zero: is larger than 1 MiB");
}

static void a_gzip_bomb_is_stopped_at_the_limit(void **state)
{
    fixture *f = *state;
    enum { SIZE = 8 << 20 };
    static unsigned char zeros[SIZE], packed[SIZE / 500];
    vouch_file file;
    size_t size = compress_into(packed, sizeof packed, zeros, SIZE);
    vouch_test_write(f->path, packed, size);
    vouch_test_fails(f->ctx, read_path(f, 1 << 20, &file), VOUCH_ERR_LIMIT,
                     "file: uncompresses to more than 1 MiB");
    vouch_test_fails(f->ctx, read_path(f, SIZE - 1, &file), VOUCH_ERR_LIMIT, "uncompresses to");
    vouch_test_ok(f->ctx, read_path(f, SIZE, &file)); /* exactly the limit is fine */
    assert_int_equal(file.size, SIZE);
}

static void gzip_cut_at_any_byte_is_an_error(void **state)
{
    fixture *f = *state;
    unsigned char packed[100];
    char text[64];
    vouch_file file;
    size_t size = compress_into(packed, sizeof packed, "abcabcabcdefdefdef", 18);
    for (size_t cut = 2; cut < size; cut++) { /* two bytes make it gzip */
        vouch_test_write(f->path, packed, cut);
        (void)snprintf(text, sizeof text, "file: byte %zu: truncated gzip data", cut);
        vouch_test_fails(f->ctx, read_path(f, 100, &file), VOUCH_ERR_PARSE, text);
    }
}

static void a_changed_byte_of_gzip_data_is_an_error(void **state)
{
    fixture *f = *state;
    unsigned char packed[100];
    vouch_file file;
    size_t size = compress_into(packed, sizeof packed, "abcabcabcdefdefdef", 18);
    for (size_t i = 10; i < size; i++) { /* behind the header, of which not all counts */
        packed[i] ^= 0x55;
        vouch_test_write(f->path, packed, size);
        vouch_test_fails(f->ctx, read_path(f, 1000, &file), VOUCH_ERR_PARSE, "file: byte ");
        packed[i] ^= 0x55;
    }
}

static void bytes_behind_gzip_data_are_an_error(void **state)
{
    fixture *f = *state;
    unsigned char packed[100];
    vouch_file file;
    size_t size = compress_into(packed, sizeof packed, "abc", 3);
    packed[size] = 'x';
    packed[size + 1] = 'y';
    vouch_test_write(f->path, packed, size + 2);
    vouch_test_fails(f->ctx, read_path(f, 1000, &file), VOUCH_ERR_PARSE, "corrupt gzip data");
}

static void reading_stops_when_cancelled(void **state)
{
    fixture *f = *state;
    vouch_file file;
    vouch_test_write(f->path, "abc", 3);
    vouch_context_cancel(f->ctx);
    vouch_test_fails(f->ctx, read_path(f, 10, &file), VOUCH_ERR_CANCELLED, "stopped");
}

/* ---- writing ----------------------------------------------------------------------------- */

static void expect_content(fixture *f, const char *content)
{
    vouch_file file;
    vouch_test_ok(f->ctx, read_path(f, 1 << 20, &file));
    assert_string_equal(file.data, content);
}

static void a_file_is_replaced_and_keeps_its_permissions(void **state)
{
    fixture *f = *state;
    struct stat info;
    vouch_test_ok(f->ctx, vouch_file_write(f->ctx, f->path, "new", 3));
    expect_content(f, "new");
    assert_int_equal(chmod(f->path, 0640), 0);
    vouch_test_ok(f->ctx, vouch_file_write(f->ctx, f->path, "newer", 5));
    expect_content(f, "newer");
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
}

static void a_name_without_folder_is_written_to_the_working_folder(void **state)
{
    fixture *f = *state;
    char before[VOUCH_TEST_PATH];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(f->folder), 0);
    vouch_test_ok(f->ctx, vouch_file_write(f->ctx, "file", "here", 4));
    assert_int_equal(chdir(before), 0);
    expect_content(f, "here");
}

static void a_failed_write_leaves_the_old_file_and_no_other(void **state)
{
    fixture *f = *state;
    enum { SIZE = 1 << 16 };
    static const char data[SIZE];
    struct rlimit before, small;
    vouch_test_ok(f->ctx, vouch_file_write(f->ctx, f->path, "old", 3));
    /* A limit on file sizes fails like a full disk does, in the middle of writing. */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    vouch_status status = vouch_file_write(f->ctx, f->path, data, SIZE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    vouch_test_fails(f->ctx, status, VOUCH_ERR_IO, "file: cannot write: File too large");
    expect_content(f, "old");
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(rmdir(f->folder), 0); /* nothing else was in it */
    assert_int_equal(mkdir(f->folder, 0700), 0);
}

static void a_full_device_is_an_error(void **state)
{
    fixture *f = *state;
    if (access("/dev/full", W_OK) != 0) {
        print_message("skipped: no /dev/full\n");
        skip();
    }
    vouch_test_fails(f->ctx, vouch_file_write(f->ctx, "/dev/full", "x", 1), VOUCH_ERR_IO,
                     "/dev/full: cannot write: No space left");
}

static void a_device_is_written_to_in_place(void **state)
{
    fixture *f = *state;
    vouch_test_ok(f->ctx, vouch_file_write(f->ctx, "/dev/null", "x", 1));
}

static void a_path_that_cannot_be_written_is_an_error(void **state)
{
    fixture *f = *state;
    char path[VOUCH_TEST_PATH];
    vouch_test_join(f->folder, "missing/file", path);
    vouch_test_fails(f->ctx, vouch_file_write(f->ctx, path, "x", 1), VOUCH_ERR_IO,
                     "missing/file: cannot create: No such file");
    vouch_test_fails(f->ctx, vouch_file_write(f->ctx, f->folder, "x", 1), VOUCH_ERR_IO,
                     "is a folder");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_read_with_its_hash),
        TEST(an_empty_file_is_read),
        TEST(gzip_is_seen_by_its_bytes_and_hashed_uncompressed),
        TEST(gzip_members_are_joined),
        TEST(a_missing_file_is_looked_for_with_gz),
        TEST(a_folder_is_no_file),
        TEST(a_pipe_is_read_to_its_end),
        TEST(a_file_over_the_limit_is_refused),
        TEST(an_endless_file_is_stopped_at_the_limit),
        TEST(a_gzip_bomb_is_stopped_at_the_limit),
        TEST(gzip_cut_at_any_byte_is_an_error),
        TEST(a_changed_byte_of_gzip_data_is_an_error),
        TEST(bytes_behind_gzip_data_are_an_error),
        TEST(reading_stops_when_cancelled),
        TEST(a_file_is_replaced_and_keeps_its_permissions),
        TEST(a_name_without_folder_is_written_to_the_working_folder),
        TEST(a_failed_write_leaves_the_old_file_and_no_other),
        TEST(a_full_device_is_an_error),
        TEST(a_device_is_written_to_in_place),
        TEST(a_path_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests_name("io.file", tests, NULL, NULL);
}
