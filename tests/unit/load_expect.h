/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_LOAD_EXPECT_H
#define TESTS_UNIT_LOAD_EXPECT_H

#include "load_fixture.h"
#include <criterion/criterion.h>

/* What tests of x86 kernels' formats say of load_fixture.h's machine. */

static inline void teardown(void)
{
    bytes_source_free(&kernel);
    bytes_source_free(&initrd);
    fake_gmem_free();
}

static inline void expect_ok(void)
{
    int status = fixture_load();

    cr_assert_eq(status, 0, "%d: %s", status, load_error.detail);
}

static inline void expect_refusal(const char *field, const char *part)
{
    int status = fixture_load();

    cr_assert_eq(status, -EINVAL, "status %d", status);
    cr_assert_str_eq(load_error.field, field, "field %s: %s", load_error.field, load_error.detail);
    cr_assert(strstr(load_error.detail, part), "\"%s\" is not in \"%s\"", part, load_error.detail);
    cr_assert_lt(strlen(load_error.detail), sizeof(load_error.detail) - 1, "cut off: %s", load_error.detail);
}

#endif
