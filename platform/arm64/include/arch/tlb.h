/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

/*
 * Ends maintenance of the TLBs of all CPUs: what used the old translations is complete. On most of Arm's
 * cores the barrier alone does not wait for all accesses of other CPUs (errata 1286807, 2441007, 2441009,
 * 4118414 and its kind, CVE-2025-10263), but that behind a second maintenance does, whatever this is about:
 * here a page that the host never maps. Others lose next to nothing by it.
 */
static inline void arch_tlbi_end(void)
{
    __asm__ volatile("dsb ish; tlbi vale2is, xzr; dsb ish; isb" ::: "memory");
}

#endif
