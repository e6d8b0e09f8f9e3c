/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../platform/firmware/cpio.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static uint8_t archive[4096];
static size_t length;

static void entry_add(const char *name, unsigned int mode, const char *data, size_t size)
{
    length += (size_t)sprintf((char *)archive + length,
                              "070701%08x%08x%08x%08x%08x%08x%08X%08x%08x%08x%08x%08x%08x", 1, mode, 0, 0, 1,
                              0, (unsigned int)size, 0, 0, 0, 0, (unsigned int)strlen(name) + 1, 0);
    strcpy((char *)archive + length, name);
    length = ALIGN_UP(length + strlen(name) + 1, 4);
    memcpy(archive + length, data, size);
    length = ALIGN_UP(length + size, 4);
}

static void reset(void)
{
    memset(archive, 0, sizeof(archive));
    length = 0;
}

Test(cpio, files_directories_and_second_archive)
{
    struct cpio_file f;
    size_t at = 0;

    reset();
    entry_add(".", 040755, "", 0);
    entry_add("./etc/tokens", 0100644, "abc", 3);
    entry_add("TRAILER!!!", 0, "", 0);
    length += 512 - length % 512;
    entry_add("/empty", 0100600, "", 0);
    entry_add("bigger-name", 0100600, "0123456789", 10);
    cr_assert(cpio_probe(archive, length));
    cr_assert_eq(cpio_next(archive, length, &at, &f), 1);
    cr_assert_eq(f.name_length, 10);
    cr_assert_eq(memcmp(f.name, "etc/tokens", 10), 0);
    cr_assert_eq(f.size, 3);
    cr_assert_eq(memcmp(archive + f.data, "abc", 3), 0);
    cr_assert_eq(cpio_next(archive, length, &at, &f), 1);
    cr_assert_eq(f.name_length, 5);
    cr_assert_eq(f.size, 0);
    cr_assert_eq(cpio_next(archive, length, &at, &f), 1);
    cr_assert_eq(memcmp(archive + f.data, "0123456789", 10), 0);
    cr_assert_eq(cpio_next(archive, length, &at, &f), 0);
}

Test(cpio, last_file_without_padding)
{
    struct cpio_file f;
    size_t at = 0;

    reset();
    entry_add("a", 0100644, "xyzzy", 5);
    cr_assert_eq(cpio_next(archive, length - 3, &at, &f), 1);
    cr_assert_eq(cpio_next(archive, length - 3, &at, &f), 0);
}

Test(cpio, every_truncation_is_caught)
{
    reset();
    entry_add("name", 0100644, "0123", 4);
    for (size_t n = 1; n < length; n++) {
        struct cpio_file f;
        size_t at = 0;

        cr_assert_eq(cpio_next(archive, n, &at, &f), -EINVAL, "at %zu", n);
        cr_assert_eq(at, 0);
    }
}

Test(cpio, bad_digits_and_sizes)
{
    struct cpio_file f;
    size_t at = 0;

    reset();
    entry_add("n", 0100644, "", 0);
    archive[6 + 8 * 6] = 'g';
    cr_assert_eq(cpio_next(archive, length, &at, &f), -EINVAL);
    memcpy(archive + 6 + 8 * 6, "ffffffff", 8);
    cr_assert_eq(cpio_next(archive, length, &at, &f), -EINVAL);
    memcpy(archive + 6 + 8 * 6, "00000000ffffffff", 8);
    memcpy(archive + 6 + 8 * 11, "00000000", 8);
    cr_assert_eq(cpio_next(archive, length, &at, &f), -EINVAL);
}
