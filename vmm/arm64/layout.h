/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_LAYOUT_H
#define VMM_ARM64_LAYOUT_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Where RAM and what lies above it are, and how many bits guest-physical addresses have for it. Pure.
 *
 * As with QEMU's `virt`, RAM begins at 1 GiB, and more redistributors and PCI's ECAM follow it, but not below
 * 256 GiB. A guest is told of as many address bits as it takes (ID_AA64MMFR0_EL1.PARange knows six sizes), so
 * that a VM is the same on every host that can have it; what does not fit on a small host is missing.
 */
struct machine_layout {
    unsigned address_bits;
    uint64_t ram_size;     /* from MACHINE_RAM on */
    uint64_t high_base;    /* the rest of it, if the VM's config asked for that; see below */
    uint64_t high_size;    /* 0: none */
    uint64_t redist2_base; /* 0: out of reach */
    uint64_t ecam_base;    /* the same */
};

/*
 * For `memory` bytes, a multiple of 2 MiB, on a host whose CPUs have `host_bits`. `address_bits` is what the
 * VM's config wants, 0: no more than is needed. If it wants some, the upper half of RAM ends where addresses
 * do: a guest finds out whether it really knows them all. -ERANGE: the host or the format has no such size;
 * -E2BIG: not with so much memory.
 */
must_check int machine_layout_make(uint64_t memory, unsigned address_bits, unsigned host_bits,
                                   struct machine_layout *out);

/* Most memory that machine_layout_make() takes otherwise the same. */
uint64_t machine_memory_max(unsigned address_bits, unsigned host_bits);

/* ID_AA64MMFR0_EL1.PARange of so many bits, or of the next size below. */
unsigned machine_pa_range(unsigned address_bits);

#endif
