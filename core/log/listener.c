/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <core/cpu.h>
#include <core/log.h>
#include <stdatomic.h>

#include "listener.h"

/*
 * Those who wait for the next line: a stack that anybody pushes to and a writer takes whole. A writer may
 * hold any lock, so it calls nobody: it sends its own CPU an interrupt, which comes when that CPU may be
 * interrupted again.
 */
static _Atomic(struct log_listener *) armed;

static void call_listener(struct cpu_call *call)
{
    struct log_listener *listener = container_of(call, struct log_listener, call);

    listener->fn(listener);
}

void log_listen(struct log_listener *listener)
{
    struct log_listener *head;

    if (!atomic_exchange(&listener->is_armed, true)) {
        listener->call.fn = call_listener;
        head = atomic_load_explicit(&armed, memory_order_relaxed);
        do
            listener->next = head;
        while (!atomic_compare_exchange_weak(&armed, &head, listener));
    }
    /* Pairs with the writer's: either it sees the listener, or who armed it sees the line. */
    atomic_thread_fence(memory_order_seq_cst);
}

void log_listeners_wake(void)
{
    struct log_listener *listener, *next;
    arch_irq_state_t state;

    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load_explicit(&armed, memory_order_relaxed))
        return;
    state = arch_irq_save();
    for (listener = atomic_exchange(&armed, NULL); listener; listener = next) {
        next = listener->next;
        /* From here on it may be armed again. If the call is still queued, it has yet to run, and that is
         * enough. */
        atomic_store(&listener->is_armed, false);
        cpu_call(cpu_id(), &listener->call);
    }
    arch_irq_restore(state);
}
