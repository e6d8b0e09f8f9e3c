/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARCH_PPI_H
#define ARCH_PPI_H

#include <core/compiler.h>
#include <stdbool.h>

/* Private interrupts of each CPU (INTIDs 16 to 31), for who drives what is in the CPU: guests' timers, the
 * virtual CPU interface. */

/* Interrupts off. True: the interrupt stays active, so it does not come again before its deactivation. */
typedef bool (*arch_ppi_fn)(void);

/* Once per number, before it is enabled anywhere. -EBUSY, -EINVAL. Context: thread. */
must_check int arch_ppi_request(unsigned intid, arch_ppi_fn fn);

/* This CPU's: lets it through, level-triggered; has it active or not; whether it is. Context: interrupts off.
 */
void arch_ppi_enable(unsigned intid);
void arch_ppi_active_set(unsigned intid, bool is_active);
bool arch_ppi_is_active(unsigned intid);

#endif
