/* SPDX-License-Identifier: BSD-2-Clause */
#include "cpu.h"

#include <arch/cpuid.h>
#include <contract/cpu_info.h>
#include <string.h>

/* Vendor string in EBX, EDX, ECX of leaf 0 (SDM vol. 2, CPUID; APM vol. 3, appendix E.3.1). */
static void read_vendor(char out[16])
{
    struct cpuid r = arch_cpuid(0, 0);

    memcpy(out, &r.ebx, 4);
    memcpy(out + 4, &r.edx, 4);
    memcpy(out + 8, &r.ecx, 4);
    out[12] = '\0';
}

/* Processor name in leaves 8000_0002h to 8000_0004h (APM vol. 3, appendix E.4.2), padded on either side. */
static void read_model(char out[64])
{
    uint32_t words[12] = {0};
    const char *text = (const char *)words;
    size_t length = sizeof(words);

    if (arch_cpuid(0x80000000, 0).eax >= 0x80000004) {
        for (uint32_t i = 0; i < 3; i++) {
            struct cpuid r = arch_cpuid(0x80000002 + i, 0);

            memcpy(&words[i * 4], &r, sizeof(r));
        }
    }
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == '\0' || text[length - 1] == ' '))
        length--;
    memcpy(out, text, length);
    out[length] = '\0';
}

void arch_cpu_info_get(struct arch_cpu_info *out)
{
    *out = (struct arch_cpu_info){0};
    read_vendor(out->vendor);
    read_model(out->model);
    for (unsigned i = 0; i < CPU_FEATURE_COUNT && out->n_features < CPU_FEATURE_NAMES_MAX; i++) {
        if (cpu_has(i))
            out->features[out->n_features++] = cpu_feature_name(i);
    }
}

bool arch_has_virtualization(void)
{
    return cpu_has(IS_ENABLED(CONFIG_BACKEND_SVM) ? CPU_FEATURE_SVM : CPU_FEATURE_VMX);
}
