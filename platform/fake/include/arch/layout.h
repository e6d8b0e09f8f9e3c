/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#include <stdint.h>

/* "Physical" memory is wherever fake_ram_reserve() has put it in the process. */
extern uint64_t fake_direct_map_base;

#define ARCH_DIRECT_MAP_BASE fake_direct_map_base
#define ARCH_VMAP_BASE       0x400000000000ULL /* nothing is really mapped there */
#define ARCH_VMAP_SIZE       0x010000000000ULL

#define ARCH_MMIO_VA(pa) (0x600000000000ULL + (pa))
#define ARCH_MMIO_LIMIT  0x100000000000ULL

#define ARCH_STACK_SIZE 16384

#endif
