/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONTRACT_CPU_INFO_H
#define CONTRACT_CPU_INFO_H

#include <core/compiler.h>
#include <core/types.h>

/* What kind of processor this is, in words, for operators. Implemented by the architecture. */
#define CPU_FEATURE_NAMES_MAX 64

struct arch_cpu_info {
    char vendor[16];
    char model[64];
    const char *features[CPU_FEATURE_NAMES_MAX];
    unsigned n_features;
};

/* Context: any, after the features were read at boot. */
void arch_cpu_info_get(struct arch_cpu_info *out);

/* Whether the processor can run guests with the backend of this image. Context: any. */
must_check bool arch_has_virtualization(void);

#endif
