/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef X86_VECTORS_H
#define X86_VECTORS_H

#include <core/compiler.h>
#include <core/irq.h>
#include <core/types.h>

/*
 * Interrupt vectors. Devices get theirs per CPU; the processor's priority classes (vector >> 4) make the kick
 * and the timer more urgent than any device.
 */
#define VECTOR_DEVICE_FIRST 0x30
#define VECTOR_DEVICE_LAST  0xdf
#define VECTOR_KICK         0xf0
#define VECTOR_TIMER        0xf1
#define VECTOR_APIC_ERROR   0xfe
#define VECTOR_SPURIOUS     0xff

/* Takes a free vector of `cpu` for `action`; -ENOSPC. Context: thread. */
must_check int vector_bind(struct irq_action *action, unsigned cpu);

/*
 * Gives the vector of `action` to `successor` (the rest of a shared line's chain), or frees it if that is
 * NULL; then waits until no CPU is inside the handler. Context: thread.
 */
void vector_release(struct irq_action *action, struct irq_action *successor);

#endif
