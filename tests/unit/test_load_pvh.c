/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
Test(x, y)
{
}
