/* SPDX-License-Identifier: BSD-2-Clause */
/* An exception whose vector lies where no memory is, so that it causes the next one, for ever: nothing else
 * can come of it. What the registers hold then is to be seen. */
#include "../lib/guest.h"

const char guest_name[] = "triple";

void guest_run(void)
{
    print("ready\n");
    __asm__ volatile("msr vbar_el1, %0; isb\n\t"
                     "movz x18, #0x3210; movk x18, #0x7654, lsl #16; movk x18, #0xba98, lsl #32; movk x18, "
                     "#0xfedc, lsl #48\n\t"
                     "udf #0"
                     :
                     : "r"(memory_end())
                     : "x18");
}
