/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef X86_PAGING_H
#define X86_PAGING_H

#include <core/compiler.h>
#include <core/host_info.h>
#include <core/types.h>

/*
 * Builds the host's own page tables: RAM of every kind at its physical address, writable and not executable;
 * the image W^X; page 0 not at all. Then switches to them. Boot CPU, with page_alloc() working on memory that
 * is mapped already.
 */
void paging_init(const struct host_info *info);

/* CR3 of the host's tables; below 4 GiB, so that CPUs can start with it. */
hpa_t paging_root(void);

/* Makes [base, base + size) executable (AP start-up code) or takes it back. Boot CPU only. */
void paging_set_exec(hpa_t base, uint64_t size, bool executable);

#endif
