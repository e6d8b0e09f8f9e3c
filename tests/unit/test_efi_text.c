/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../platform/firmware/efi_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <time.h>

static uint16_t units[128];

static uint32_t widen(const char *text)
{
    uint32_t n = 0;

    do
        units[n++] = (uint16_t)*text;
    while (*text++);
    return n * 2;
}

Test(efi_text, options)
{
    char out[129];

    cr_assert_eq(efi_options_to_text(units, widen("ip=dhcp\ttoken=a"), out), 15);
    cr_assert_str_eq(out, "ip=dhcp token=a");
    cr_assert_eq(efi_options_to_text(units, widen("basalt.EFI  ip=dhcp"), out), 7);
    cr_assert_str_eq(out, "ip=dhcp");
    cr_assert_eq(efi_options_to_text(units, widen("\\EFI\\basalt.efi"), out), 0);
    cr_assert_eq(efi_options_to_text(units, widen("image=a.efi"), out), 11);
    cr_assert_eq(efi_options_to_text(units, widen("abc") - 2, out), 3); /* no NUL */
    cr_assert_eq(efi_options_to_text(units, 0, out), 0);
    cr_assert_eq(efi_options_to_text(units, 3, out), -EINVAL);
    cr_assert_eq(efi_options_to_text("\x4e\xac\x08\x81", 4, out), -EINVAL);
}

Test(efi_text, file_name)
{
    static const uint8_t path[] = {1, 1, 6,  0, 9,    9,                            /* hardware */
                                   4, 4, 10, 0, '\\', 0, 'a', 0, 0,    0,           /* \a */
                                   4, 4, 8,  0, 'b',  0, 0,   0, 0x7f, 0xff, 4, 0}; /* b */
    static const uint8_t none[] = {1, 1, 6, 0, 9, 9, 0x7f, 0xff, 4, 0};
    uint8_t broken[sizeof(path)];
    uint16_t out[8];

    cr_assert_eq(efi_path_file_name((const void *)path, sizeof(path), out, 8), 4);
    cr_assert(out[0] == '\\' && out[1] == 'a' && out[2] == '\\' && out[3] == 'b' && out[4] == 0);
    cr_assert_eq(efi_path_file_name((const void *)path, sizeof(path), out, 4), 0, "too long");
    cr_assert_eq(efi_path_file_name((const void *)none, sizeof(none), out, 8), 0);
    memcpy(broken, path, sizeof(path));
    broken[2] = 3;
    cr_assert_eq(efi_path_file_name((const void *)broken, sizeof(path), out, 8), 0);
    broken[2] = 200;
    cr_assert_eq(efi_path_file_name((const void *)broken, sizeof(path), out, 8), 0);
}

Test(efi_text, time_against_libc)
{
    for (int64_t t = 86400 * 365; t < 86400LL * 365 * 400; t += 86400 * 13 + 12345) {
        time_t libc_time = (time_t)t;
        struct tm tm;
        struct efi_time e = {.time_zone = EFI_UNSPECIFIED_TIMEZONE};

        gmtime_r(&libc_time, &tm);
        e.year = (uint16_t)(tm.tm_year + 1900);
        e.month = (uint8_t)(tm.tm_mon + 1);
        e.day = (uint8_t)tm.tm_mday;
        e.hour = (uint8_t)tm.tm_hour;
        e.minute = (uint8_t)tm.tm_min;
        e.second = (uint8_t)tm.tm_sec;
        cr_assert_eq(efi_time_to_unix(&e), t);
        e.time_zone = -120; /* two hours east */
        cr_assert_eq(efi_time_to_unix(&e), t - 7200);
    }
}

Test(efi_text, times_that_are_none)
{
    struct efi_time e = {.year = 2026, .month = 13, .day = 1};

    cr_assert_eq(efi_time_to_unix(&e), 0);
    e.month = 0;
    cr_assert_eq(efi_time_to_unix(&e), 0);
    e = (struct efi_time){.year = 1969, .month = 1, .day = 1};
    cr_assert_eq(efi_time_to_unix(&e), 0);
}
