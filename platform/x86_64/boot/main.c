/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/clock.h>
#include <arch/cpuid.h>
#include <arch/msr.h>
#include <arch/percpu.h>
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
#include <stdio.h>
#include <string.h>

#include "../../firmware/handover.h"
#include "../cpu/cpu.h"
#include "../irq/ioapic.h"
#include "../irq/lapic.h"
#include "../mm/paging.h"
#include "../timer/timer.h"
#include "boot.h"

/* RAM above this may not be mapped before the host's own page tables are in use (entry.S maps 4 GiB). */
#define EARLY_LIMIT GIB(4)

/* For host_info, before any allocator; a firmware map of hundreds of entries and 512 CPUs fit. */
static uint8_t early_memory[192 * 1024] aligned_to(64);
static uint8_t early_ist[IST_COUNT][4096] aligned_to(16);
static struct host_info info;

static uint64_t early_limit = EARLY_LIMIT;

/* What boot loaders tell lies below 4 GiB; EFI's own page tables, still in use then, map everything. */
static const void *identity_map(const struct phys_reader *self, hpa_t address, size_t size)
{
    (void)self;
    return address.v != 0 && address.v < early_limit && size <= early_limit - address.v
               ? (const void *)address.v
               : NULL;
}

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

static bool is_early(const struct host_memory_range *r)
{
    return r->type == HOST_MEM_USABLE && r->base.v + r->size <= EARLY_LIMIT;
}

/* First what is mapped for certain, to build page tables from; then the rest, which those tables map. */
static void memory_init(void)
{
    uint64_t highest = 0;

    for (size_t i = 0; i < info.memory_count; i++)
        if (info.memory[i].type <= HOST_MEM_LOADER)
            highest = MAX(highest, info.memory[i].base.v + info.memory[i].size);
    mm_init(hpa(highest), (unsigned)info.node_count);
    for (size_t i = 0; i < info.memory_count; i++)
        if (is_early(&info.memory[i]))
            mm_add_range(info.memory[i].base, info.memory[i].size, info.memory[i].node);
    paging_init(&info);
    for (size_t i = 0; i < info.memory_count; i++)
        if (info.memory[i].type <= HOST_MEM_LOADER && !is_early(&info.memory[i]))
            mm_add_range(info.memory[i].base, info.memory[i].size, info.memory[i].node);
}

static void tables_guarded(void)
{
    void *tops[IST_COUNT + 1];

    if (ist_stacks_alloc(tops))
        cpu_tables_load(tops);
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

void boot_main(struct boot_handover *handover)
{
    struct phys_reader reader = {.map = identity_map};
    struct arena arena;
    struct thread *t;
    int error;

    clock_set_origin(arch_clock_cycles());
    uart_early_init();
    percpu_boot_init();
    tables_early();
    cpu_features_read();
    cpu_setup();

    if (handover->kind == BOOT_KIND_EFI)
        early_limit = ~0ULL;
    handover->image = hpa((uint64_t)image_start);
    handover->image_size = (uint64_t)(image_end - image_start);
    arena_init(&arena, early_memory, sizeof(early_memory));
    error = host_info_build(handover, &reader, &arena, &info);
    if (error)
        panic("the boot loader's information is unusable (error %d)", -error);
    host_info_apply_options(&info, &arena);
    host_info_publish(&info);
    log_host();

    memory_init();
    tables_guarded();
    boot_run_phases(BOOT_EARLY, BOOT_EARLY);
    lapic_init();
    lapic_cpu_init();
    ioapic_init();
    clock_calibrate();
    clock_init();
    lapic_timer_cpu_init();
    rtc_read_wall_clock();
    boot_run_phases(BOOT_IRQ, BOOT_IRQ);
    if (sched_init((unsigned)MAX(info.cpu_count, 1)) != 0 ||
        thread_create(&(struct thread_params){.name = "boot", .prio = THREAD_PRIO_SERVICE, .fn = boot_thread},
                      &t) != 0)
        panic("no memory for the first thread");
    thread_detach(t);
    sched_idle_loop();
}
