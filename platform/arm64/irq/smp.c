/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <arch/layout.h>
#include <arch/mmu.h>
#include <arch/percpu.h>
#include <arch/sysreg.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/log.h>
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
#include "../power/psci.h"
#include "../power/spin_table.h"
#include "../timer/timer.h"
#include "gic.h"

_Static_assert(offsetof(struct secondary_args, root) == SECONDARY_ROOT, "head.S knows it");
_Static_assert(offsetof(struct secondary_args, stack_top) == SECONDARY_STACK, "head.S knows it");
_Static_assert(offsetof(struct secondary_args, percpu_base) == SECONDARY_PERCPU, "head.S knows it");

/* Everything that a starting CPU needs. It may come late, so what was made for it stays its own. */
struct starting_cpu {
    struct secondary_args args;
    char *stack, *exception_stack, *percpu;
};

static atomic_uint arrived; /* number of the CPU that was started last, when it runs; or: */

#define NOBODY_YET 0 /* the boot CPU's own number */
#define GIVEN_UP   (~0U)

/* A CPU that does not answer is rare and costs this once; one that is only slow must not be lost. */
#define START_TIMEOUT_NS (5 * NSEC_PER_SEC)

noreturn_fn void secondary_main(void);

/* From head.S, on its own stack, with the host's page tables. */
void secondary_main(void)
{
    struct arch_percpu_head *head = (void *)arch_percpu_base();
    unsigned nobody = NOBODY_YET;

    arch_set_current(head->current);
    cpu_setup();
    if (!gic_cpu_init()) {
        log_error("smp: the GIC does not know CPU %u", head->cpu);
        arch_halt();
    }
    generic_timer_cpu_init();
    if (!atomic_compare_exchange_strong(&arrived, &nobody, head->cpu))
        arch_halt();
    cpu_secondary_main();
}

static bool resources_alloc(struct starting_cpu *s)
{
    size_t size = (size_t)(__stop_percpu - __start_percpu);

    *s = (struct starting_cpu){.stack = stack_alloc(ARCH_STACK_SIZE),
                               .exception_stack = stack_alloc(EXCEPTION_STACK_SIZE),
                               .percpu = aligned_alloc(64, ALIGN_UP(size, 64))};
    return s->stack != NULL && s->exception_stack != NULL && s->percpu != NULL;
}

static void resources_free(struct starting_cpu *s)
{
    if (s->stack != NULL)
        stack_free(s->stack, ARCH_STACK_SIZE);
    if (s->exception_stack != NULL)
        stack_free(s->exception_stack, EXCEPTION_STACK_SIZE);
    free(s->percpu);
}

static bool psci_cpu_start(uint64_t mpidr, const struct secondary_args *args)
{
    int32_t result = psci_call(PSCI_CPU_ON, mpidr, (uint64_t)secondary_entry, (uint64_t)args);

    if (result != PSCI_SUCCESS)
        log_error("smp: PSCI cannot start the CPU with affinity %#llx (error %d)", (unsigned long long)mpidr,
                  (int)result);
    return result == PSCI_SUCCESS;
}

static bool start_and_wait(const struct host_cpu *c, unsigned cpu, const struct secondary_args *args)
{
    uint64_t deadline = clock_now_ns() + START_TIMEOUT_NS;
    unsigned nobody = NOBODY_YET;

    atomic_store(&arrived, NOBODY_YET);
    /* It reads this with its MMU and caches off. */
    cache_clean_invalidate(args, args + 1);
    if (c->start == HOST_CPU_START_RELEASE ? !spin_table_cpu_start(c, args)
                                           : !psci_cpu_start(c->hardware_id, args))
        return false;
    while (clock_now_ns() < deadline) {
        if (atomic_load_explicit(&arrived, memory_order_acquire) == cpu)
            return true;
        arch_relax();
    }
    return !atomic_compare_exchange_strong(&arrived, &nobody, GIVEN_UP);
}

/* False: the rest had better not be tried. */
static bool cpu_start(const struct host_cpu *c)
{
    uint64_t mpidr = c->hardware_id;
    struct starting_cpu *s = aligned_alloc(64, ALIGN_UP(sizeof(*s), 64));
    unsigned cpu = cpu_count();
    struct arch_percpu_head *head;

    if (s == NULL || !resources_alloc(s)) {
        log_error("smp: no memory for the CPU with affinity %#llx", (unsigned long long)mpidr);
        if (s != NULL)
            resources_free(s);
        free(s);
        return false;
    }
    memcpy(s->percpu, __start_percpu, (size_t)(__stop_percpu - __start_percpu));
    head = (void *)s->percpu;
    *head = (struct arch_percpu_head){.self = s->percpu,
                                      .cpu = cpu,
                                      .mpidr = mpidr,
                                      .exception_stack = s->exception_stack + EXCEPTION_STACK_SIZE};
    if (cpu_register(cpu, s->percpu, mpidr) != 0) {
        log_error("smp: no memory for CPU %u", cpu);
        return false;
    }
    head->current = sched_cpu_prepare(cpu);
    s->args = (struct secondary_args){paging_tree.root.v, (uint64_t)s->stack + ARCH_STACK_SIZE,
                                      (uint64_t)s->percpu};
    if (start_and_wait(c, cpu, &s->args)) {
        cpu_set_online(cpu);
        return true;
    }
    log_error("smp: the CPU with affinity %#llx does not start; going on without it",
              (unsigned long long)mpidr);
    return false;
}

void arch_cpus_start(void)
{
    const struct host_info *info = host_info();
    uint64_t self = arch_sysreg_read(mpidr_el1) & MPIDR_AFFINITY_MASK;

    for (size_t i = 0; i < info->cpu_count; i++) {
        const struct host_cpu *c = &info->cpus[i];

        if (c->enabled && c->hardware_id != self && !cpu_start(c))
            break;
    }
    log_info("smp: %u CPUs", cpu_count());
}

void arch_cpu_kick(unsigned cpu)
{
    gic_send(cpu, SGI_KICK);
}

void arch_cpus_stop_others(void)
{
    if (cpu_count() > 1)
        gic_send_others(SGI_STOP);
}
