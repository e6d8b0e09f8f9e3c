/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

/*
 * The host's address space at EL2: 48 bits, 4K granule, one range (EL2 without VHE has no upper half). RAM
 * and device registers are mapped where they are physically; above them is what needs guard pages.
 */
#define ARCH_DIRECT_MAP_BASE 0ULL
#define ARCH_VMAP_BASE       0x400000000000ULL /* 64 TiB: above the RAM and devices of present machines */
#define ARCH_VMAP_SIZE       0x010000000000ULL /* 1 TiB */

/* Where mmio_map() puts device registers. */
#define ARCH_MMIO_VA(pa) (ARCH_DIRECT_MAP_BASE + (pa))
#define ARCH_MMIO_LIMIT  ARCH_VMAP_BASE /* no device can be mapped at or above this physical address */

#define ARCH_STACK_SIZE 16384

/* The relocation that moves with the image (elf.h). */
#define ARCH_ELF_RELATIVE R_AARCH64_RELATIVE

#endif
