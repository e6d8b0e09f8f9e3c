/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/load/gzip.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the machine's own gzip makes of some bytes. */
static uint8_t packed[1 << 20], plain[1 << 20], out[1 << 20];
static size_t packed_size;

static int packed_read(const struct load_source *source, uint64_t offset, void *to, size_t size)
{
    if (offset + size > packed_size)
        return -ERANGE;
    memcpy(to, packed + offset, size);
    return 0;
}

static struct load_source source = {.read = packed_read, .name = "file.gz"};

static void pack(size_t size, const char *options)
{
    char name[] = "/tmp/gzip-XXXXXX", command[128];
    int fd = mkstemp(name);
    FILE *file = fdopen(fd, "wb");

    cr_assert_eq(fwrite(plain, 1, size, file), size);
    fclose(file);
    snprintf(command, sizeof(command), "gzip -c %s %s", options, name);
    file = popen(command, "r");
    packed_size = fread(packed, 1, sizeof(packed), file);
    cr_assert_eq(pclose(file), 0);
    remove(name);
    source.size = packed_size;
}

static void check_all(size_t size, size_t piece)
{
    struct gzip_source *gzip;
    const struct load_source *unpacked;

    cr_assert(gzip_recognise(&source));
    cr_assert_eq(gzip_open(&source, &gzip), 0);
    unpacked = gzip_load_source(gzip);
    cr_assert_eq(unpacked->size, size);
    memset(out, 0xa5, sizeof(out));
    for (size_t at = 0; at < size; at += piece)
        cr_assert_eq(unpacked->read(unpacked, at, out + at, MIN(piece, size - at)), 0, "at %zu", at);
    cr_assert_eq(memcmp(out, plain, size), 0);
    /* Back to the front. */
    memset(out, 0, 64);
    cr_assert_eq(unpacked->read(unpacked, 0, out, MIN(64U, size)), 0);
    cr_assert_eq(memcmp(out, plain, MIN(64U, size)), 0);
    gzip_close(gzip);
}

static void fill(size_t size, unsigned kind)
{
    uint32_t random = 1;

    for (size_t i = 0; i < size; i++) {
        random = random * 1664525 + 1013904223;
        plain[i] = kind == 0   ? 0
                   : kind == 1 ? (uint8_t)(random >> 24)
                               : (uint8_t)(random >> 29 << 3 ^ i / 700);
    }
}

Test(gzip, what_gzip_packs)
{
    static const size_t sizes[] = {1, 64, 4000, 70000, 300000};

    for (unsigned kind = 0; kind < 3; kind++)
        for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
            fill(sizes[i], kind);
            pack(sizes[i], "-9");
            check_all(sizes[i], 4096);
            pack(sizes[i], "-1n");
            check_all(sizes[i], 997);
        }
}

static int unpack_all(void)
{
    struct gzip_source *gzip;
    const struct load_source *unpacked;
    int error = gzip_open(&source, &gzip);

    if (error)
        return error;
    unpacked = gzip_load_source(gzip);
    error = unpacked->size > sizeof(out) ? -EINVAL : unpacked->read(unpacked, 0, out, unpacked->size);
    gzip_close(gzip);
    return error;
}

/* Every header field, by hand: extra, name, comment, its own checksum; a stored block. */
Test(gzip, header_fields)
{
    static const uint8_t file[] = {0x1f, 0x8b, 8,    0x1e, 0,    0,    0,    0,    0, 3, 2, 0,
                                   'e',  'x',  'n',  0,    'c',  0,    0xb1, 0x46, 1, 1, 0, 0xfe,
                                   0xff, 'a',  0x43, 0xbe, 0xb7, 0xe8, 1,    0,    0, 0};

    memcpy(packed, file, sizeof(file));
    packed_size = source.size = sizeof(file);
    plain[0] = 'a';
    check_all(1, 1);
    packed[source.size++] = 0; /* and nothing behind it */
    packed_size++;
    cr_assert_eq(unpack_all(), -EINVAL);
}

/* Whatever bit is wrong, and wherever it ends: an error, or the same bytes. */
Test(gzip, damage)
{
    size_t size = 3000, whole;

    fill(size, 2);
    pack(size, "-9n");
    whole = packed_size;
    for (size_t i = 10; i < whole; i++) {
        packed[i] ^= 1 << i % 8;
        cr_assert(unpack_all() != 0, "byte %zu", i);
        packed[i] ^= 1 << i % 8;
    }
    for (packed_size = source.size = 0; packed_size < whole; source.size = ++packed_size)
        cr_assert(unpack_all() != 0, "%zu bytes", packed_size);
    packed_size = source.size = whole;
    cr_assert_eq(unpack_all(), 0);
}

Test(gzip, not_gzip)
{
    packed_size = source.size = 64;
    memset(packed, 0, 64);
    cr_assert(!gzip_recognise(&source));
    cr_assert_eq(unpack_all(), -EINVAL);
    memcpy(packed, "\x1f\x8b\x08\xe0", 4);
    cr_assert_eq(unpack_all(), -EINVAL);
}
