/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/percpu.h>
#include <arch/sysreg.h>
#include <contract/arch.h>
#include <contract/uart.h>
#include <core/cpu.h>
#include <core/mm.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/time.h>
#include <core/vmap.h>
#include <platform/boot.h>
#include <platform/image.h>
#include <platform/paging.h>
#include <string.h>

#include "../../firmware/handover.h"
#include "../cpu/cpu.h"
#include "../irq/gic.h"
#include "../timer/timer.h"
#include "boot.h"

static uint8_t early_exception_stack[4096] aligned_to(16);

/* The board's device tree, if there is one in the image (platform/board). */
extern const char builtin_tree[], builtin_tree_end[];

/* How much RAM is mapped to build the host's page tables in. */
#define EARLY_RAM MIB(64)

static void percpu_boot_init(void)
{
    struct arch_percpu_head *head = (void *)boot_percpu_area;
    uint64_t mpidr = arch_sysreg_read(mpidr_el1) & MPIDR_AFFINITY_MASK;

    memcpy(boot_percpu_area, __start_percpu, (size_t)(__stop_percpu - __start_percpu));
    *head = (struct arch_percpu_head){.self = boot_percpu_area,
                                      .mpidr = mpidr,
                                      .exception_stack =
                                          (char *)early_exception_stack + sizeof(early_exception_stack)};
    arch_sysreg_write(tpidr_el2, (uint64_t)boot_percpu_area);
    if (cpu_register(0, boot_percpu_area, mpidr) != 0)
        arch_halt();
    arch_set_current(sched_boot_prepare());
}

void boot_cpu_init(struct boot_handover *handover)
{
    percpu_boot_init();
    cpu_setup();
    cpu_features_read();
    /* The EFI stub's lies in memory of its own. */
    if (!early_map((uint64_t)handover, sizeof(*handover), false))
        arch_halt();
    handover->builtin_tree = hpa(&builtin_tree[0] < &builtin_tree_end[0] ? (uint64_t)builtin_tree : 0);
}

/* What firmware and loaders tell lies in RAM; it is mapped when it is asked for. */
const void *boot_read(const struct phys_reader *self, hpa_t address, size_t size)
{
    (void)self;
    return address.v != 0 && early_map(address.v, size, false) ? (const void *)address.v : NULL;
}

/* The console is where firmware says, so it works from here on. */
void boot_console_init(const struct host_info *info)
{
    if (info->console.base.space == HOST_SPACE_MEMORY &&
        early_map(info->console.base.address, PAGE_SIZE, true))
        uart_early_init();
}

/* The largest range of free RAM; its beginning is mapped and serves until all of it is. */
static size_t largest_range(const struct host_info *info)
{
    size_t best = 0;

    for (size_t i = 0; i < info->memory_count; i++)
        if (info->memory[i].type == HOST_MEM_USABLE &&
            (info->memory[best].type != HOST_MEM_USABLE || info->memory[i].size > info->memory[best].size))
            best = i;
    return best;
}

void boot_memory_init(struct host_info *info)
{
    size_t first = largest_range(info);
    const struct host_memory_range *r = &info->memory[first];
    uint64_t early = MIN(r->size, EARLY_RAM);

    boot_mm_init(info);
    if (!early_map(r->base.v, early, false))
        panic("the first RAM cannot be mapped");
    mm_add_range(r->base, early, r->node);
    paging_init(info);
    /* Polled output goes on working in between. */
    if (info->console.base.space == HOST_SPACE_MEMORY &&
        mmio_map(hpa(info->console.base.address), PAGE_SIZE, MMIO_UNCACHED) == NULL)
        info->console.base.space = HOST_SPACE_NONE;
    paging_enter();
    if (r->size > early)
        mm_add_range(hpa_add(r->base, early), r->size - early, r->node);
    for (size_t i = 0; i < info->memory_count; i++)
        if (i != first && info->memory[i].type <= HOST_MEM_LOADER)
            mm_add_range(info->memory[i].base, info->memory[i].size, info->memory[i].node);
}

void boot_stacks_init(void)
{
    struct arch_percpu_head *head = (void *)arch_percpu_base();
    char *stack = stack_alloc(EXCEPTION_STACK_SIZE);

    if (stack != NULL)
        head->exception_stack = stack + EXCEPTION_STACK_SIZE;
}

void boot_interrupts_init(void)
{
    gic_init();
    if (!gic_cpu_init())
        panic("the GIC does not know this CPU");
    generic_timer_init();
    clock_init();
    generic_timer_cpu_init();
    rtc_read_wall_clock();
}
