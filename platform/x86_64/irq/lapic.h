/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef X86_LAPIC_H
#define X86_LAPIC_H

#include <core/compiler.h>
#include <core/types.h>

/* The local APIC, in x2APIC mode where the CPU has it (SDM vol. 3A, chapter 11; APM vol. 2, chapter 16). */

/* Offsets of the registers in the xAPIC page. */
#define LAPIC_ID            0x020
#define LAPIC_VERSION       0x030
#define LAPIC_TPR           0x080
#define LAPIC_EOI           0x0b0
#define LAPIC_LDR           0x0d0
#define LAPIC_DFR           0x0e0
#define LAPIC_SVR           0x0f0
#define LAPIC_ESR           0x280
#define LAPIC_ICR           0x300
#define LAPIC_ICR_HIGH      0x310
#define LAPIC_LVT_TIMER     0x320
#define LAPIC_LVT_LINT0     0x350
#define LAPIC_LVT_LINT1     0x360
#define LAPIC_LVT_ERROR     0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE  0x3e0

#define LAPIC_LVT_MASKED       0x10000
#define LAPIC_LVT_TSC_DEADLINE 0x40000
#define LAPIC_LVT_NMI          0x00400

#define LAPIC_ICR_INIT         0x00500
#define LAPIC_ICR_STARTUP      0x00600
#define LAPIC_ICR_NMI          0x00400
#define LAPIC_ICR_ASSERT       0x04000
#define LAPIC_ICR_LEVEL        0x08000
#define LAPIC_ICR_ALL_BUT_SELF 0xc0000

/* Finds and maps it (boot CPU, once), then enables it on this CPU (each CPU). */
void lapic_init(void);
void lapic_cpu_init(void);

uint32_t lapic_read(uint32_t reg);
void lapic_write(uint32_t reg, uint32_t value);
uint32_t lapic_id(void);

/* Whether APIC ids above 254 can be addressed, by interrupt commands. */
bool lapic_is_x2apic(void);

/* Sends an interrupt command: `command` is the low word (mode, vector), `apic_id` the destination. Any
 * context. */
void lapic_send(uint32_t apic_id, uint32_t command);

void lapic_eoi(void);

#endif
