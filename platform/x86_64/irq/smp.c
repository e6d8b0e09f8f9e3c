/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <arch/cpuid.h>
#include <arch/layout.h>
#include <arch/msr.h>
#include <arch/percpu.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/time.h>
#include <core/vmap.h>
#include <platform/paging.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../boot/boot.h"
#include "../cpu/cpu.h"
#include "../mm/paging.h"
#include "../timer/timer.h"
#include "lapic.h"
#include "vectors.h"

/* Everything a starting CPU needs; freed again if it does not come. */
struct starting_cpu {
    void *ist_tops[IST_COUNT + 1];
    char *stack;
    char *percpu;
};

static struct starting_cpu *starting; /* the one CPU that is being started */
static atomic_uint arrived;           /* its number, when it has taken everything over; or: */

#define NOBODY_YET 0 /* the boot CPU's own number */
#define GIVEN_UP   (~0U)

/* A CPU that does not answer is rare and costs this once; one that is only slow must not be lost. */
#define START_TIMEOUT_NS (5 * NSEC_PER_SEC)
#define SIPI_AGAIN_NS    (10 * NSEC_PER_MSEC)

static void ap_main(uint64_t cpu)
{
    unsigned nobody = NOBODY_YET;

    cpu_setup();
    cpu_tables_load(starting->ist_tops);
    lapic_cpu_init();
    lapic_timer_cpu_init();
    if (!atomic_compare_exchange_strong(&arrived, &nobody, (unsigned)cpu))
        arch_halt();
    cpu_secondary_main();
}

static bool resources_alloc(struct starting_cpu *s)
{
    size_t size = (size_t)(__stop_percpu - __start_percpu);

    *s = (struct starting_cpu){.stack = stack_alloc(ARCH_STACK_SIZE),
                               .percpu = aligned_alloc(64, ALIGN_UP(size, 64))};
    if (s->stack != NULL && s->percpu != NULL && ist_stacks_alloc(s->ist_tops))
        return true;
    if (s->stack != NULL)
        stack_free(s->stack, ARCH_STACK_SIZE);
    free(s->percpu);
    return false;
}

/* INIT, SIPI, and a second SIPI if the first does nothing: SDM vol. 3A, 10.4.4.1. */
static bool start_and_wait(uint32_t apic_id, unsigned cpu, hpa_t trampoline)
{
    uint32_t page = (uint32_t)(trampoline.v >> PAGE_SHIFT);
    unsigned nobody = NOBODY_YET;

    atomic_store(&arrived, NOBODY_YET);
    for (unsigned try = 0; try < 2; try++) {
        uint64_t deadline = clock_now_ns() + (try ? START_TIMEOUT_NS : SIPI_AGAIN_NS);

        lapic_send(apic_id, LAPIC_ICR_STARTUP | page);
        while (clock_now_ns() < deadline) {
            if (atomic_load_explicit(&arrived, memory_order_acquire) == cpu)
                return true;
            arch_relax();
        }
    }
    return !atomic_compare_exchange_strong(&arrived, &nobody, GIVEN_UP);
}

static bool cpu_start(uint32_t apic_id, hpa_t trampoline)
{
    volatile struct trampoline_args *args = (void *)((char *)hpa_to_ptr(trampoline) + TRAMPOLINE_ARGS_OFFSET);
    static struct starting_cpu s;
    unsigned cpu = cpu_count();
    struct arch_percpu_head *head;

    if (!resources_alloc(&s)) {
        log_error("smp: no memory for the CPU with APIC id %u", (unsigned)apic_id);
        return false;
    }
    starting = &s;
    memcpy(s.percpu, __start_percpu, (size_t)(__stop_percpu - __start_percpu));
    head = (void *)s.percpu;
    *head = (struct arch_percpu_head){.self = s.percpu, .cpu = cpu, .apic_id = apic_id};
    if (cpu_register(cpu, s.percpu, apic_id) != 0) {
        log_error("smp: no memory for CPU %u", cpu);
        return false;
    }
    head->current = sched_cpu_prepare(cpu);
    args->cr3 = (uint32_t)paging_tree.root.v;
    args->entry = (uint64_t)ap_main;
    args->stack_top = (uint64_t)s.stack + ARCH_STACK_SIZE;
    args->percpu_base = (uint64_t)s.percpu;
    args->cpu = cpu;
    if (start_and_wait(apic_id, cpu, trampoline)) {
        cpu_set_online(cpu);
        return true;
    }
    log_error("smp: the CPU with APIC id %u does not start; going on without it", (unsigned)apic_id);
    /* It may still come late, so what was made for it stays its own. */
    return false;
}

void arch_cpus_start(void)
{
    const struct host_info *info = host_info();
    hpa_t trampoline = info->ap_trampoline;
    uint32_t self = lapic_id();
    unsigned wanted = 0;
    bool have_all = true;

    for (size_t i = 0; i < info->cpu_count; i++)
        wanted += info->cpus[i].enabled && info->cpus[i].hardware_id != self;
    if (wanted == 0)
        return;
    if (!hpa_valid(trampoline)) {
        log_error("smp: no memory below 1 MiB for start-up code; using one of %u CPUs", wanted + 1);
        return;
    }
    memcpy(hpa_to_ptr(trampoline), trampoline_start, (size_t)(trampoline_end - trampoline_start));
    paging_set_exec(trampoline, PAGE_SIZE, true);
    lapic_send(0, LAPIC_ICR_ALL_BUT_SELF | LAPIC_ICR_INIT | LAPIC_ICR_ASSERT);
    if (!cpu_has(CPU_FEATURE_X2APIC))
        clock_spin_ns(10 * NSEC_PER_MSEC); /* older CPUs need time after INIT; newer ones are ready at once */
    for (size_t i = 0; i < info->cpu_count; i++) {
        const struct host_cpu *c = &info->cpus[i];

        if (!c->enabled || c->hardware_id == self)
            continue;
        if (c->hardware_id > 0xfe && !lapic_is_x2apic()) {
            log_error("smp: APIC id %u cannot be addressed without x2APIC", (unsigned)c->hardware_id);
            continue;
        }
        have_all = cpu_start((uint32_t)c->hardware_id, trampoline);
        if (!have_all)
            break;
    }
    /* One that was given up may still come; it halts then, but needs the start-up page for that. */
    if (have_all)
        paging_set_exec(trampoline, PAGE_SIZE, false);
    log_info("smp: %u CPUs", cpu_count());
}

void arch_cpu_kick(unsigned cpu)
{
    lapic_send((uint32_t)cpu_hw_id(cpu), VECTOR_KICK | LAPIC_ICR_ASSERT);
}

#define NOBODY (~0U)
static atomic_uint stopping_cpu = NOBODY;

void arch_cpus_stop_others(void)
{
    atomic_store(&stopping_cpu, cpu_id());
    if (cpu_count() > 1)
        lapic_send(0, LAPIC_ICR_ALL_BUT_SELF | LAPIC_ICR_NMI | LAPIC_ICR_ASSERT);
}

bool cpu_is_being_stopped(void)
{
    unsigned stopping = atomic_load(&stopping_cpu);

    return stopping != NOBODY && stopping != cpu_id();
}
