/* SPDX-License-Identifier: BSD-2-Clause */
/* From the entry stub to the idle loop, the same on all architectures. */
#include <arch/clock.h>
#include <contract/arch.h>
#include <core/boot.h>
#include <core/build_info.h>
#include <core/cmdline.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/panic.h>
#include <core/sched.h>
#include <core/thread.h>
#include <core/time.h>
#include <platform/boot.h>
#include <platform/image.h>
#include <stdio.h>

#include "../firmware/handover.h"

/* For host_info, before any allocator; a firmware map of hundreds of entries and 512 CPUs fit. */
static uint8_t early_memory[192 * 1024] aligned_to(64);
static struct host_info info;

static void host_info_make(struct boot_handover *handover)
{
    struct phys_reader reader = {.map = boot_read};
    struct arena arena;
    int error;

    handover->image = hpa((uint64_t)image_start);
    handover->image_size = (uint64_t)(image_end - image_start);
    arena_init(&arena, early_memory, sizeof(early_memory));
    error = host_info_build(handover, &reader, &arena, &info);
    if (error)
        panic("the boot loader's information is unusable (error %d)", -error);
    host_info_apply_options(&info, &arena);
    host_info_publish(&info);
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

void boot_mm_init(const struct host_info *host)
{
    uint64_t highest = 0;

    for (size_t i = 0; i < host->memory_count; i++)
        if (host->memory[i].type <= HOST_MEM_LOADER)
            highest = MAX(highest, host->memory[i].base.v + host->memory[i].size);
    mm_init(hpa(highest), (unsigned)host->node_count);
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

static void threads_init(void)
{
    struct thread_params params = {.name = "boot", .prio = THREAD_PRIO_SERVICE, .fn = boot_thread};
    struct thread *t;

    if (sched_init((unsigned)MAX(info.cpu_count, 1)) != 0 || thread_create(&params, &t) != 0)
        panic("no memory for the first thread");
    thread_detach(t);
}

void boot_main(struct boot_handover *handover)
{
    clock_set_origin(arch_clock_cycles());
    boot_cpu_init(handover);
    host_info_make(handover);
    boot_console_init(&info);
    log_host();

    boot_memory_init(&info);
    boot_stacks_init();
    boot_run_phases(BOOT_EARLY, BOOT_EARLY);
    boot_interrupts_init();
    boot_run_phases(BOOT_IRQ, BOOT_IRQ);
    threads_init();
    sched_idle_loop();
}
