/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug builds can be told to crash, so that the report and the policy after it are tested. */
#include <core/boot.h>
#include <core/cmdline.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/time.h>

static const char *const kinds[] = {"none", "panic", "page-fault", "stack-overflow", "wx"};
static size_t kind;

static int option_crash(const char *value)
{
    return cmdline_parse_choice(value, kinds, ARRAY_SIZE(kinds), &kind);
}
BOOT_OPTION("debug.crash", option_crash, "none|panic|page-fault|stack-overflow|wx");

/* Variables, so that the compiler does not see what is about to go wrong. */
static unsigned volatile depth_max = ~0U;
static volatile int *volatile nowhere = (volatile int *)8;

no_inline static unsigned overflow_stack(unsigned depth)
{
    volatile char ballast[512];

    ballast[depth % sizeof(ballast)] = (char)depth;
    return depth < depth_max ? overflow_stack(depth + 1) + (unsigned char)ballast[depth % sizeof(ballast)]
                             : 0;
}

no_inline static void write_to_code(void)
{
    *(volatile char *)(uintptr_t)write_to_code = 0;
}

no_inline static int crash_start(void)
{
    switch (kind) {
    case 1:
        panic("asked for by debug.crash");
    case 2:
        *nowhere = 1;
        break;
    case 3:
        return (int)overflow_stack(0);
    case 4:
        write_to_code();
        break;
    default:
        break;
    }
    return 0;
}

BOOT_STEP(BOOT_AGENT, crash, crash_start, NULL);
