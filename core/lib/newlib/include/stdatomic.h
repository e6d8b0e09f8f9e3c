/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clang's header hands over to the C library's, and newlib's takes its types for granted. GCC's stands alone.
 */
#include_next <stdatomic.h>
#include <stdint.h>
