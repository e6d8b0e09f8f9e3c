/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

/*
 * The host's address space on x86-64, four-level paging. RAM and device registers are mapped where they are
 * physically; the upper part of the lower half is for what needs guard pages.
 */
#define ARCH_DIRECT_MAP_BASE 0ULL
#define ARCH_VMAP_BASE       0x400000000000ULL /* 64 TiB: above every physical address of present machines' RAM */
#define ARCH_VMAP_SIZE       0x010000000000ULL /* 1 TiB */

/* Where mmio_map() puts device registers. */
#define ARCH_MMIO_VA(pa) (ARCH_DIRECT_MAP_BASE + (pa))
#define ARCH_MMIO_LIMIT  ARCH_VMAP_BASE /* no device can be mapped at or above this physical address */

#define ARCH_STACK_SIZE 16384

/* The relocation that moves with the image (elf.h). */
#define ARCH_ELF_RELATIVE R_X86_64_RELATIVE

#endif
