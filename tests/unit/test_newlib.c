/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's own C library objects, linked under the prefix target_, against the host's: same formats, same
 * results. Catches a configuration of newlib that drops a length modifier, and a memcpy compiled into itself.
 */

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int target_snprintf(char *buf, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
void *target_memcpy(void *to, const void *from, size_t size);
void *target_memmove(void *to, const void *from, size_t size);
void *target_memset(void *to, int byte, size_t size);
unsigned long long target_strtoull(const char *text, char **end, int base);
long target_strtol(const char *text, char **end, int base);
void target_qsort(void *array, size_t count, size_t size, int (*compare)(const void *, const void *));
size_t target_strlcpy(char *to, const char *from, size_t size);
char *target_strdup(const char *text);
void *target_malloc(size_t size);

void *target_malloc(size_t size)
{
    return malloc(size);
}

#define same_format(...)                                                     \
    do {                                                                     \
        char got[256], want[256];                                            \
        int got_length = target_snprintf(got, sizeof(got), __VA_ARGS__);     \
        cr_expect_eq(got_length, snprintf(want, sizeof(want), __VA_ARGS__)); \
        cr_expect_str_eq(got, want);                                         \
    } while (0)

Test(newlib, formats)
{
    same_format("%d %i %u %x %X %o %c %s %%", -5, 7, 8u, 0xabcu, 0xABCu, 8u, 'x', "hello");
    same_format("%zu %zd %td %jd %ju", SIZE_MAX, (ssize_t)-3, (ptrdiff_t)-9, INTMAX_MIN, UINTMAX_MAX);
    same_format("%" PRIx64 " %" PRIu64 " %016" PRIx64 " %" PRId64, UINT64_MAX, UINT64_MAX, (uint64_t)0x1234,
                INT64_MIN);
    same_format("%p %llx %lld %lx", (void *)0xffff800000001234, 0x123456789abcdefULL, -1LL, 0xfeedUL);
    same_format("[%-10s] [%10s] [%.3s] [%*d] [%-*d] [%+d] [% d] [%05d] [%#x] [%.5d]", "ab", "cd", "efghij", 6,
                42, 6, 42, 5, 5, -42, 255, 7);
    same_format("%08x:%02x %2u.%03u %.*s %.150d", 0x1234, 5, 7, 8, 3, "abcdef", 5);
}

Test(newlib, format_truncates)
{
    char small[5];

    cr_assert_eq(target_snprintf(small, sizeof(small), "%s", "truncated"), 9);
    cr_assert_str_eq(small, "trun");
    cr_assert_eq(target_snprintf(NULL, 0, "%d", 12345), 5);
}

Test(newlib, numbers)
{
    char *end;

    cr_assert_eq(target_strtoull("18446744073709551615", NULL, 10), UINT64_MAX);
    cr_assert_eq(target_strtoull("18446744073709551616", NULL, 10), UINT64_MAX);
    cr_assert_eq(target_strtoull("0xfee1dead rest", &end, 0), 0xfee1dead);
    cr_assert_str_eq(end, " rest");
    cr_assert_eq(target_strtol("-42", NULL, 10), -42);
}

Test(newlib, memory)
{
    unsigned char from[400], got[400], want[400];

    for (size_t size = 0; size < 300; size++) {
        for (size_t offset = 0; offset < 9; offset++) {
            for (size_t i = 0; i < sizeof(from); i++) {
                from[i] = (unsigned char)(i * 3);
                got[i] = want[i] = (unsigned char)i;
            }
            target_memcpy(got + offset, from + 3, size);
            memcpy(want + offset, from + 3, size);
            target_memmove(got + offset, got + 4, size);
            memmove(want + offset, want + 4, size);
            target_memset(got + 2 * offset, (int)size, size / 2);
            memset(want + 2 * offset, (int)size, size / 2);
            cr_assert_eq(memcmp(got, want, sizeof(got)), 0, "size %zu offset %zu", size, offset);
        }
    }
}

static int int_compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

Test(newlib, the_rest)
{
    int values[1000];
    char small[4];
    char *copy = target_strdup("copy");

    for (int i = 0; i < 1000; i++)
        values[i] = (i * 7919) % 1009;
    target_qsort(values, 1000, sizeof(values[0]), int_compare);
    for (int i = 1; i < 1000; i++)
        cr_assert_leq(values[i - 1], values[i]);
    cr_assert_eq(target_strlcpy(small, "longer", sizeof(small)), 6);
    cr_assert_str_eq(small, "lon");
    cr_assert_str_eq(copy, "copy");
    free(copy);
}
