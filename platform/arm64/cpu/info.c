/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"

#include <arch/sysreg.h>
#include <contract/cpu_info.h>
#include <stdio.h>
#include <string.h>

struct name {
    unsigned number;
    const char *name;
};

/* MIDR_EL1.Implementer (Arm ARM, D24.2.122), and PartNum of Arm's own (their technical reference manuals). */
static const struct name implementers[] = {
    {0x41, "Arm"},    {0x42, "Broadcom"}, {0x43, "Cavium"},   {0x46, "Fujitsu"}, {0x48, "HiSilicon"},
    {0x4e, "NVIDIA"}, {0x50, "APM"},      {0x51, "Qualcomm"}, {0x61, "Apple"},   {0xc0, "Ampere"},
};
static const struct name arm_parts[] = {
    {0xd03, "Cortex-A53"},  {0xd04, "Cortex-A35"},  {0xd05, "Cortex-A55"}, {0xd07, "Cortex-A57"},
    {0xd08, "Cortex-A72"},  {0xd09, "Cortex-A73"},  {0xd0a, "Cortex-A75"}, {0xd0b, "Cortex-A76"},
    {0xd0c, "Neoverse-N1"}, {0xd40, "Neoverse-V1"}, {0xd41, "Cortex-A78"}, {0xd47, "Cortex-A710"},
    {0xd49, "Neoverse-N2"}, {0xd4f, "Neoverse-V2"},
};

static const char *name_of(const struct name *names, size_t count, unsigned number)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}

void arch_cpu_info_get(struct arch_cpu_info *out)
{
    uint64_t midr = arch_sysreg_read(midr_el1);
    unsigned implementer = (unsigned)FIELD(midr, 31, 24), part = (unsigned)FIELD(midr, 15, 4);
    unsigned variant = (unsigned)FIELD(midr, 23, 20), revision = (unsigned)FIELD(midr, 3, 0);
    const char *vendor = name_of(implementers, ARRAY_SIZE(implementers), implementer);
    const char *model = implementer == 0x41 ? name_of(arm_parts, ARRAY_SIZE(arm_parts), part) : NULL;

    *out = (struct arch_cpu_info){0};
    if (vendor)
        snprintf(out->vendor, sizeof(out->vendor), "%s", vendor);
    else
        snprintf(out->vendor, sizeof(out->vendor), "%#x", implementer);
    if (model)
        snprintf(out->model, sizeof(out->model), "%s r%up%u", model, variant, revision);
    else
        snprintf(out->model, sizeof(out->model), "part %#x r%up%u", part, variant, revision);
    for (unsigned i = 0; i < CPU_FEATURE_COUNT && out->n_features < CPU_FEATURE_NAMES_MAX; i++) {
        if (cpu_has(i))
            out->features[out->n_features++] = cpu_feature_name(i);
    }
}

/* An image that runs at all runs at EL2; a backend has to be linked as well. */
bool arch_has_virtualization(void)
{
    return IS_ENABLED(CONFIG_VMM);
}
