/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef X86_PAGING_H
#define X86_PAGING_H

#include <core/types.h>

/* Makes [base, base + size) executable (AP start-up code) or takes it back. Boot CPU only. */
void paging_set_exec(hpa_t base, uint64_t size, bool executable);

#endif
