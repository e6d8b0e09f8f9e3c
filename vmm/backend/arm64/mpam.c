/* SPDX-License-Identifier: BSD-2-Clause */
#include "mpam.h"

#include <core/cmdline.h>

/* "off" is for boards whose firmware has accesses of MPAM's registers trap to EL3 (MPAM3_EL3.TRAPLOWER), but
 * leaves it in the ID registers: the first one would end there. */
static const char *const choices[] = {"off", "on"};
static size_t choice = 1;

static int option_mpam(const char *value)
{
    return cmdline_parse_choice(value, choices, ARRAY_SIZE(choices), &choice);
}
BOOT_OPTION("arm64.mpam", option_mpam, "on|off");

/* MPAM is the major version, MPAM_frac the minor one: 0.1 is one, too. */
bool mpam_is_used(uint64_t pfr0, uint64_t pfr1)
{
    return choice != 0 && (FIELD(pfr0, 43, 40) != 0 || FIELD(pfr1, 19, 16) != 0);
}
