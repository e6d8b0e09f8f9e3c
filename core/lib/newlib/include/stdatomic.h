/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clang's header hands over to the C library's, and newlib's takes its types for granted. GCC's stands alone.
 */
#include <stdint.h>

/* Apart from the line above, or the formatter would sort it first. */
#include_next <stdatomic.h>
