/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/msr.h>
#include <arch/percpu.h>
#include <contract/arch.h>
#include <contract/uart.h>
#include <core/cpu.h>
#include <core/mm.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/time.h>
#include <platform/boot.h>
#include <platform/image.h>
#include <platform/paging.h>
#include <string.h>

#include "../../firmware/handover.h"
#include "../cpu/cpu.h"
#include "../irq/ioapic.h"
#include "../irq/lapic.h"
#include "../timer/timer.h"

/* RAM above this may not be mapped before the host's own page tables are in use (entry.S maps 4 GiB). */
#define EARLY_LIMIT GIB(4)

static uint8_t early_ist[IST_COUNT][4096] aligned_to(16);
static uint64_t early_limit = EARLY_LIMIT;

static void percpu_boot_init(void)
{
    struct arch_percpu_head *head = (void *)boot_percpu_area;

    memcpy(boot_percpu_area, __start_percpu, (size_t)(__stop_percpu - __start_percpu));
    *head = (struct arch_percpu_head){.self = boot_percpu_area};
    arch_wrmsr(MSR_GS_BASE, (uint64_t)boot_percpu_area);
    if (cpu_register(0, boot_percpu_area, 0) != 0)
        arch_halt();
    head->current = sched_boot_prepare();
}

static void tables_early(void)
{
    void *tops[IST_COUNT + 1];

    for (unsigned i = 1; i <= IST_COUNT; i++)
        tops[i] = early_ist[i - 1] + sizeof(early_ist[0]);
    idt_init();
    cpu_tables_load(tops);
}

void boot_cpu_init(struct boot_handover *handover)
{
    uart_early_init();
    percpu_boot_init();
    tables_early();
    cpu_features_read();
    cpu_setup();
    if (handover->kind == BOOT_KIND_EFI)
        early_limit = ~0ULL;
}

/* What boot loaders tell lies below 4 GiB; EFI's own page tables, still in use then, map everything. */
const void *boot_read(const struct phys_reader *self, hpa_t address, size_t size)
{
    (void)self;
    return address.v != 0 && address.v < early_limit && size <= early_limit - address.v
               ? (const void *)address.v
               : NULL;
}

/* It is where it always is, so it works already. */
void boot_console_init(const struct host_info *info)
{
    (void)info;
}

static bool is_early(const struct host_memory_range *r)
{
    return r->type == HOST_MEM_USABLE && r->base.v + r->size <= EARLY_LIMIT;
}

/* First what is mapped for certain, to build page tables from; then the rest, which those tables map. */
void boot_memory_init(struct host_info *info)
{
    boot_mm_init(info);
    for (size_t i = 0; i < info->memory_count; i++)
        if (is_early(&info->memory[i]))
            mm_add_range(info->memory[i].base, info->memory[i].size, info->memory[i].node);
    paging_init(info);
    paging_enter();
    for (size_t i = 0; i < info->memory_count; i++)
        if (info->memory[i].type <= HOST_MEM_LOADER && !is_early(&info->memory[i]))
            mm_add_range(info->memory[i].base, info->memory[i].size, info->memory[i].node);
}

void boot_stacks_init(void)
{
    void *tops[IST_COUNT + 1];

    if (ist_stacks_alloc(tops))
        cpu_tables_load(tops);
}

void boot_interrupts_init(void)
{
    lapic_init();
    lapic_cpu_init();
    ioapic_init();
    clock_calibrate();
    clock_init();
    lapic_timer_cpu_init();
    rtc_read_wall_clock();
}
