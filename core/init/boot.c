/* SPDX-License-Identifier: BSD-2-Clause */
#include <contract/arch.h>
#include <core/boot.h>
#include <core/event.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/thread.h>
#include <core/waitq.h>
#include <stdatomic.h>

extern const struct boot_step __start_boot_steps[], __stop_boot_steps[];

/* Which steps have been started: the same index as in the linked list of steps. */
static uint64_t started[4];
static atomic_int shutdown_kind = -1;
static struct waitq shutdown_waitq = WAITQ_INIT(shutdown_waitq);

static size_t step_count(void)
{
    return (size_t)(__stop_boot_steps - __start_boot_steps);
}

void boot_run_phases(enum boot_phase from, enum boot_phase to)
{
    for (unsigned phase = from; phase <= (unsigned)to; phase++) {
        for (size_t i = 0; i < step_count(); i++) {
            const struct boot_step *step = &__start_boot_steps[i];
            int error;

            if (step->phase != phase)
                continue;
            ASSERT(i < sizeof(started) * 8);
            error = step->start ? step->start() : 0;
            if (error)
                log_error("boot: %s failed (error %d); going on without it", step->name, -error);
            else
                started[i / 64] |= BIT(i % 64);
        }
    }
}

static void shutdown_now(enum shutdown_kind kind)
{
    for (int phase = BOOT_PHASES - 1; phase >= 0; phase--) {
        for (size_t i = step_count(); i-- > 0;) {
            const struct boot_step *step = &__start_boot_steps[i];

            if ((int)step->phase == phase && step->stop != NULL && (started[i / 64] >> i % 64 & 1))
                step->stop();
        }
    }
    arch_cpus_stop_others();
    if (kind == SHUTDOWN_REBOOT)
        arch_reboot();
    if (kind == SHUTDOWN_POWEROFF)
        arch_poweroff();
    arch_halt();
}

static void shutdown_thread(void *arg)
{
    int kind;

    (void)arg;
    wait_event(&shutdown_waitq, atomic_load(&shutdown_kind) >= 0);
    kind = atomic_load(&shutdown_kind);
    log_info("shutdown: %s", kind == SHUTDOWN_REBOOT     ? "reboot"
                             : kind == SHUTDOWN_POWEROFF ? "power off"
                                                         : "halt");
    shutdown_now((enum shutdown_kind)kind);
}

void shutdown_request(enum shutdown_kind kind)
{
    int none = -1;

    if (atomic_compare_exchange_strong(&shutdown_kind, &none, (int)kind))
        waitq_wake_one(&shutdown_waitq);
}

static int shutdown_start(void)
{
    struct thread *t;
    int error = thread_create(
        &(struct thread_params){
            .name = "shutdown", .prio = THREAD_PRIO_SERVICE, .cpu = THREAD_CPU_ANY, .fn = shutdown_thread},
        &t);

    if (!error)
        thread_detach(t);
    return error;
}

BOOT_STEP(BOOT_SCHED, shutdown, shutdown_start, NULL);
