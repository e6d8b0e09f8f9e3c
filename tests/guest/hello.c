/* SPDX-License-Identifier: BSD-2-Clause */
/* The least: starts, speaks, ends. */
#include "lib/guest.h"

const char guest_name[] = "hello";

void guest_run(void)
{
    print("hello, %u KiB above 1 MiB\n", (uint64_t)memory_upper_kib());
}
