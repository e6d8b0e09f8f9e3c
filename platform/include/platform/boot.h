/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_BOOT_H
#define PLATFORM_BOOT_H

#include <core/host_info.h>
#include <core/types.h>

struct boot_handover;
struct phys_reader;

/* --- steps of boot_main() that each architecture has (platform/<arch>/boot/main.c), in its order ----------
 *
 * Context of all: boot CPU, nothing else runs.
 */

/* From here on there is per-CPU data and an exception is reported. Sets handover->builtin_tree, if any. */
void boot_cpu_init(struct boot_handover *handover);

/* A phys_reader's map, of what firmware and loaders have left in memory. */
const void *boot_read(const struct phys_reader *self, hpa_t address, size_t size);

/* From here on the console shows what is logged, if it did not before. */
void boot_console_init(const struct host_info *info);

/* Gives RAM to core/mm and goes over to the host's own page tables; info->console becomes HOST_SPACE_NONE if
 * it cannot be mapped there. */
void boot_memory_init(struct host_info *info);

/* Exceptions get stacks with guard pages. */
void boot_stacks_init(void);

/* Interrupt controllers, clock, this CPU's timer, the date. */
void boot_interrupts_init(void);

/* --- for them ---------------------------------------------------------------------------------------------
 */

/* mm_init() for all the RAM there is. */
void boot_mm_init(const struct host_info *info);

#endif
