/* SPDX-License-Identifier: BSD-2-Clause */
/* The least: starts, speaks, ends. */
#include "lib/guest.h"

const char guest_name[] = "hello";

void guest_run(void)
{
    print("hello, %u KiB\n", (uint64_t)(memory_end() - memory_begin()) >> 10);
}
