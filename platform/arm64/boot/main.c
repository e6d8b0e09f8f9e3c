/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/clock.h>
#include <arch/percpu.h>
#include <arch/sysreg.h>
#include <contract/arch.h>
#include <contract/uart.h>
#include <core/boot.h>
#include <core/build_info.h>
#include <core/cmdline.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/time.h>
#include <core/vmap.h>
#include <stdio.h>
#include <string.h>

#include "../../firmware/handover.h"
#include "../cpu/cpu.h"
#include "../irq/gic.h"
#include "../mm/paging.h"
#include "../timer/timer.h"
#include "boot.h"

/* For host_info, before any allocator; a firmware map of hundreds of entries and 512 CPUs fit. */
static uint8_t early_memory[192 * 1024] aligned_to(64);
static uint8_t early_exception_stack[4096] aligned_to(16);
static struct host_info info;

/* The board's device tree, if there is one in the image (platform/board). */
extern const char builtin_tree[], builtin_tree_end[];

/* How much RAM is mapped to build the host's page tables in. */
#define EARLY_RAM MIB(64)

/* What firmware and loaders tell lies in RAM; it is mapped when it is asked for. */
static const void *map_and_read(const struct phys_reader *self, hpa_t address, size_t size)
{
    (void)self;
    return address.v != 0 && early_map(address.v, size, false) ? (const void *)address.v : NULL;
}

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

/* The console is where firmware says, so it works from here on. */
static void console_init(void)
{
    if (info.console.base.space == HOST_SPACE_MEMORY && early_map(info.console.base.address, PAGE_SIZE, true))
        uart_early_init();
}

/* The largest range of free RAM; its beginning is mapped and serves until all of it is. */
static size_t largest_range(void)
{
    size_t best = 0;

    for (size_t i = 0; i < info.memory_count; i++)
        if (info.memory[i].type == HOST_MEM_USABLE &&
            (info.memory[best].type != HOST_MEM_USABLE || info.memory[i].size > info.memory[best].size))
            best = i;
    return best;
}

static void memory_init(void)
{
    size_t first = largest_range();
    const struct host_memory_range *r = &info.memory[first];
    uint64_t highest = 0, early = MIN(r->size, EARLY_RAM);

    for (size_t i = 0; i < info.memory_count; i++)
        if (info.memory[i].type <= HOST_MEM_LOADER)
            highest = MAX(highest, info.memory[i].base.v + info.memory[i].size);
    mm_init(hpa(highest), (unsigned)info.node_count);
    if (!early_map(r->base.v, early, false))
        panic("the first RAM cannot be mapped");
    mm_add_range(r->base, early, r->node);
    paging_init(&info);
    /* Polled output goes on working in between. */
    if (info.console.base.space == HOST_SPACE_MEMORY &&
        mmio_map(hpa(info.console.base.address), PAGE_SIZE, MMIO_UNCACHED) == NULL)
        info.console.base.space = HOST_SPACE_NONE;
    paging_enter();
    if (r->size > early)
        mm_add_range(hpa_add(r->base, early), r->size - early, r->node);
    for (size_t i = 0; i < info.memory_count; i++)
        if (i != first && info.memory[i].type <= HOST_MEM_LOADER)
            mm_add_range(info.memory[i].base, info.memory[i].size, info.memory[i].node);
}

static void exception_stack_guarded(void)
{
    struct arch_percpu_head *head = (void *)arch_percpu_base();
    char *stack = stack_alloc(EXCEPTION_STACK_SIZE);

    if (stack != NULL)
        head->exception_stack = stack + EXCEPTION_STACK_SIZE;
}

static void log_host(void)
{
    char cmdline[LOG_MESSAGE_MAX];
    uint64_t usable = 0;

    for (size_t i = 0; i < info.memory_count; i++)
        if (info.memory[i].type <= HOST_MEM_LOADER)
            usable += info.memory[i].size;
    log_info("basalt %s on %s, by %s %s", build_version, CONFIG_BOARD, host_firmware_name(info.firmware),
             info.loader);
    log_info("memory: %llu MiB usable, image at %p", (unsigned long long)(usable >> 20), (void *)image_start);
    snprintf(cmdline, sizeof(cmdline), "%s", info.cmdline);
    cmdline_redact(cmdline);
    log_info("command line: %s", cmdline);
    for (size_t i = 0; i < info.module_count; i++)
        log_info("boot module %s: %llu bytes at %#llx", info.modules[i].name,
                 (unsigned long long)info.modules[i].size, (unsigned long long)info.modules[i].base.v);
    for (const struct host_warning *w = info.warnings; w != NULL; w = w->next)
        log_warning("%s", w->text);
}

/* What may block runs in a thread of its own; the boot context turns into the idle loop. */
static void boot_thread(void *arg)
{
    (void)arg;
    boot_run_phases(BOOT_SCHED, BOOT_SCHED);
    arch_cpus_start();
    boot_run_phases(BOOT_SMP, BOOT_AGENT);
    log_info("boot: done");
}

static void host_info_make(struct boot_handover *handover)
{
    struct phys_reader reader = {.map = map_and_read};
    struct arena arena;
    int error;

    handover->image = hpa((uint64_t)image_start);
    handover->image_size = (uint64_t)(image_end - image_start);
    handover->builtin_tree = hpa(&builtin_tree[0] < &builtin_tree_end[0] ? (uint64_t)builtin_tree : 0);
    arena_init(&arena, early_memory, sizeof(early_memory));
    error = host_info_build(handover, &reader, &arena, &info);
    if (error)
        panic("the boot loader's information is unusable (error %d)", -error);
    host_info_apply_options(&info, &arena);
    host_info_publish(&info);
}

void boot_main(struct boot_handover *handover)
{
    struct thread *t;

    percpu_boot_init();
    clock_set_origin(arch_clock_cycles());
    cpu_setup();
    cpu_features_read();
    /* The EFI stub's lies in memory of its own. */
    if (!early_map((uint64_t)handover, sizeof(*handover), false))
        arch_halt();
    host_info_make(handover);
    console_init();
    log_host();

    memory_init();
    exception_stack_guarded();
    boot_run_phases(BOOT_EARLY, BOOT_EARLY);
    gic_init();
    if (!gic_cpu_init())
        panic("the GIC does not know this CPU");
    generic_timer_init();
    clock_init();
    generic_timer_cpu_init();
    pl031_read_wall_clock();
    boot_run_phases(BOOT_IRQ, BOOT_IRQ);
    if (sched_init((unsigned)MAX(info.cpu_count, 1)) != 0 ||
        thread_create(&(struct thread_params){.name = "boot", .prio = THREAD_PRIO_SERVICE, .fn = boot_thread},
                      &t) != 0)
        panic("no memory for the first thread");
    thread_detach(t);
    sched_idle_loop();
}
