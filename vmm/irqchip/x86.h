/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_X86_H
#define VMM_IRQCHIP_X86_H

#include "irqchip.h"

/*
 * The x86 irqchip towards vmm/vm and vmm/x86. Each vCPU has a local APIC that only its own thread programs;
 * other CPUs only set bits in its IRR/TMR atomically and kick, so the common exits (EOI, TPR, self-IPI, IPI)
 * take no lock.
 */
struct lapic;
struct device;

/* What the local APICs' timers count: the bus clock before the divider. CPUID leaf 0x15's crystal, if shown.
 */
#define LAPIC_BUS_HZ 1000000000ULL

/* vcpus[i] has APIC id i. Registers IOAPIC (0xfec00000) on `mmio` and the PICs on `pio`. -ENOMEM. */
must_check int irqchip_create(struct vcpu *const *vcpus, unsigned vcpu_count, struct bus *pio,
                              struct bus *mmio, struct vm_clock *clock, struct irqchip **out);
void irqchip_destroy(struct irqchip *chip);
void irqchip_reset(struct irqchip *chip); /* no vCPU runs */
struct lapic *irqchip_lapic(struct irqchip *chip, unsigned vcpu);

/* The whole irqchip as one device ("irqchip"): reset, save and load of all its controllers; its destroy is
 * irqchip_destroy(). */
struct device *irqchip_device(struct irqchip *chip);

/* How many bits a guest-physical address has: those of IA32_APIC_BASE above it are reserved. Before any vCPU
 * runs; 52 unless told. */
void irqchip_phys_bits_set(struct irqchip *chip, unsigned bits);

/*
 * The machine's NMI line, connected to LINT1 of every processor: an NMI for the vCPU if its software has set
 * LINT1 up so, as it is told to by the MADT; nothing after reset, when it is masked. Context: any.
 */
void lapic_nmi_pin(struct lapic *lapic);

/* Own vCPU's thread from here on. */

/* The vector to inject now, by priority against PPR (and the PIC's, as ExtINT through LINT0); -1: none. No
 * side effect. */
int lapic_pending_vector(struct lapic *lapic);
/*
 * The CPU takes the interrupt: IRR to ISR (or the PIC's acknowledge cycle). Returns the vector to inject.
 * That may have changed since lapic_pending_vector(): to one of higher priority, or a spurious one if the PIC
 * has taken its request back.
 */
int lapic_acknowledge(struct lapic *lapic);
/*
 * What lapic_acknowledge() gave has not been delivered: ISR to IRR. False: it is not the local APIC's (the
 * PIC cannot take back its acknowledge cycle, a spurious one was never requested).
 */
bool lapic_put_back(struct lapic *lapic, uint8_t vector);

/* INIT has reached the vCPU: as after power-on, but IA32_APIC_BASE stays (SDM vol. 3A, 11.4.7.3
 * and 11.12.5.2).
 */
void lapic_init_reset(struct lapic *lapic);

/* CR8 / V_TPR: 4 bits. */
uint8_t lapic_cr8_get(const struct lapic *lapic);
void lapic_cr8_set(struct lapic *lapic, uint8_t cr8);

/* xAPIC page (offset 0..0xfff, 32-bit accesses on 16-byte boundaries). Others are undefined (SDM vol. 3A,
 * 11.4.1): reads see the register's other bytes, then zeroes; writes are dropped. */
uint32_t lapic_mmio_read(struct lapic *lapic, uint32_t offset);
void lapic_mmio_write(struct lapic *lapic, uint32_t offset, uint32_t value);

/* IA32_APIC_BASE, x2APIC MSRs 0x800-0x8ff, IA32_TSC_DEADLINE. Nonzero: the access faults (#GP). */
must_check int lapic_msr_read(struct lapic *lapic, uint32_t msr, uint64_t *value);
must_check int lapic_msr_write(struct lapic *lapic, uint32_t msr, uint64_t value);

/* MSRs of the x2APIC: register number + LAPIC_MSR_FIRST; below LAPIC_MSR_COUNT. */
#define LAPIC_MSR_FIRST 0x800
#define LAPIC_MSR_COUNT 0x100
must_check int lapic_x2apic_write(struct lapic *lapic, unsigned reg, uint64_t value);

/*
 * How the guest's TSC runs, for TSC-deadline mode: host counter (arch_clock_cycles) * tsc_hz / clock_hz() +
 * tsc_offset, modulo 2^64. To be told again whenever that changes (TSC written, VM resumed).
 */
void lapic_tsc_set(struct lapic *lapic, uint64_t tsc_hz, uint64_t tsc_offset);

#endif
