/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MM_VMAP_LOCK_H
#define CORE_MM_VMAP_LOCK_H

#include <core/sync.h>

/*
 * Serialises arch_map() and arch_unmap(), and guards what says which addresses are mapped. A CPU that waits
 * for it has interrupts on, so it still answers the holder's TLB shoot-down.
 */
extern struct spinlock vmap_lock;

#endif
