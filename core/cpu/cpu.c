/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <arch/percpu.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What there is to know of a CPU from another one. */
struct cpu_entry {
    char *percpu;   /* immutable once registered */
    uint64_t hw_id; /* immutable once registered */
};

static struct cpu_entry boot_entry;
static struct cpu_entry *cpus = &boot_entry; /* grows only while CPUs are started */
static unsigned registered = 1;
static atomic_uint online = 1;

/* Calls queued for a CPU: pushed by anyone, taken all at once by the CPU itself. */
static DEFINE_PERCPU(_Atomic(struct cpu_call *), pending_calls);

unsigned cpu_count(void)
{
    return atomic_load_explicit(&online, memory_order_relaxed);
}

uint64_t cpu_hw_id(unsigned cpu)
{
    return cpus[cpu].hw_id;
}

char *percpu_base(unsigned cpu)
{
    return cpus[cpu].percpu;
}

int cpu_register(unsigned cpu, char *percpu_area, uint64_t hw_id)
{
    if (cpu >= registered) {
        struct cpu_entry *grown = malloc((cpu + 1) * sizeof(*grown));

        if (grown == NULL)
            return -ENOMEM;
        /* CPUs that run may be reading the old table, so it is left to them. */
        memcpy(grown, cpus, registered * sizeof(*grown));
        registered = cpu + 1;
        grown[cpu] = (struct cpu_entry){percpu_area, hw_id};
        __atomic_store_n(&cpus, grown, __ATOMIC_RELEASE);
        return 0;
    }
    cpus[cpu] = (struct cpu_entry){percpu_area, hw_id};
    return 0;
}

void cpu_set_online(unsigned cpu)
{
    atomic_store(&online, cpu + 1);
}

void cpu_secondary_main(void)
{
    sched_idle_loop();
}

bool cpu_call(unsigned cpu, struct cpu_call *call)
{
    _Atomic(struct cpu_call *) *list = percpu_ptr(pending_calls, cpu);
    struct cpu_call *head;

    if (atomic_exchange(&call->queued, true))
        return false;
    head = atomic_load(list);
    do
        call->next = head;
    while (!atomic_compare_exchange_weak(list, &head, call));
    if (head == NULL)
        arch_cpu_kick(cpu);
    return true;
}

void cpu_kick_handle(void)
{
    struct cpu_call *call = atomic_exchange(this_cpu_ptr(pending_calls), NULL), *ordered = NULL, *next;

    /* Pushed last comes first; callers expect the order in which they called. */
    for (; call != NULL; call = next) {
        next = call->next;
        call->next = ordered;
        ordered = call;
    }
    for (call = ordered; call != NULL; call = next) {
        next = call->next;
        atomic_store(&call->queued, false);
        call->fn(call);
    }
}

struct broadcast {
    struct cpu_call call;
    void (*fn)(void *arg);
    void *arg;
    atomic_uint *missing;
};

static void broadcast_run(struct cpu_call *call)
{
    struct broadcast *b = container_of(call, struct broadcast, call);

    b->fn(b->arg);
    atomic_fetch_sub_explicit(b->missing, 1, memory_order_release);
}

void cpu_call_all(void (*fn)(void *arg), void *arg)
{
    unsigned count = cpu_count();
    atomic_uint missing = count;

    for (unsigned i = 0; i < count; i++) {
        struct broadcast b = {.call = {.fn = broadcast_run}, .fn = fn, .arg = arg, .missing = &missing};

        /* One after the other: this is for rare, slow operations. */
        cpu_call(i, &b.call);
        while (atomic_load_explicit(&missing, memory_order_acquire) != count - 1 - i)
            arch_relax();
    }
}
