/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_IRQCHIP_H
#define VMM_IRQCHIP_IRQCHIP_H

#include <core/compiler.h>
#include <core/irq.h>
#include <core/types.h>

/*
 * The guest's interrupt controllers, as devices and vCPUs see them; one implementation is linked (x86: local
 * APICs, IOAPIC, 8259 pair). Lines and messages are raised through two functions, whatever is behind.
 */
struct irqchip;
struct bus;
struct vcpu;
struct vm_clock;

/* Sets the level of line `gsi` (x86: ISA numbers 0-15, PCI lines from 16). Idempotent. Context: any,
 * interrupts included. */
void irqchip_line_set(struct irqchip *chip, unsigned gsi, bool level);

/*
 * A message-signalled interrupt, as a device would write it. `requester` is who does (PCI: bus, slot,
 * function), on which it depends on some machines what the message means. Bad addresses are dropped. Context:
 * any, interrupts included.
 */
void irqchip_msi_send(struct irqchip *chip, uint32_t requester, const struct msi_message *message);

/* The host's memory that it takes, which may grow with what the guest asks of it. Context: thread. */
uint64_t irqchip_bytes(const struct irqchip *chip);

/* --- what the irqchip asks of vCPUs (vmm/vm implements; any context, interrupts included)
 * ------------------- */

/* Something may have become deliverable: leaves guest mode, or ends a halt, to look at vcpu_irq_*() again. */
void vcpu_kick(struct vcpu *vcpu);
/* INIT, start-up IPI with its vector, NMI. */
void vcpu_signal_init(struct vcpu *vcpu);
void vcpu_signal_sipi(struct vcpu *vcpu, uint8_t vector);
void vcpu_signal_nmi(struct vcpu *vcpu);

#endif
