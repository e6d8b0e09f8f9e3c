/* SPDX-License-Identifier: BSD-2-Clause */
#include "service.h"

#include <core/cpu.h>
#include <core/log.h>
#include <core/thread.h>
#include <errno.h>

static void service_main(void *arg)
{
    struct nic_service *service = arg;

    for (;;) {
        unsigned events = atomic_exchange_explicit(&service->events, 0, memory_order_acquire);

        if (events)
            service->ops->run(service->device, events);
        else
            wait_event(&service->wake, atomic_load_explicit(&service->events, memory_order_relaxed) != 0);
    }
}

int nic_service_start(struct nic_service *service, const struct nic_device_ops *ops, void *device,
                      struct nic *nic)
{
    static atomic_uint next_cpu;
    struct thread_params params = {.name = nic->driver,
                                   .prio = THREAD_PRIO_DRIVER,
                                   .flags = THREAD_PINNED,
                                   .fn = service_main,
                                   .arg = service};
    struct thread *thread;
    int err;

    waitq_init(&service->wake);
    waitq_init(&service->changed);
    service->ops = ops;
    service->device = device;
    service->nic = nic;
    nic->driver_data = service;
    /* The interrupt goes where the thread is: waking it needs no other CPU. */
    service->cpu = params.cpu = atomic_fetch_add(&next_cpu, 1) % cpu_count();
    err = thread_create(&params, &thread);
    if (!err)
        thread_detach(thread);
    return err;
}

void nic_service_post(struct nic_service *service, unsigned events)
{
    unsigned before = atomic_fetch_or_explicit(&service->events, events, memory_order_acq_rel);

    if (before == 0)
        waitq_wake_one(&service->wake);
}

void nic_service_refill(void *service)
{
    nic_service_post(service, NIC_EVENT_QUEUES);
}

static int run_ask(struct nic_service *service, bool wants_running)
{
    atomic_store(&service->start_error, 0);
    atomic_store(&service->wants_running, wants_running);
    nic_service_post(service, NIC_EVENT_CONTROL);
    wait_event(&service->changed,
               atomic_load(&service->is_running) == wants_running || atomic_load(&service->start_error) != 0);
    return atomic_load(&service->start_error);
}

int nic_service_up(struct nic *nic)
{
    return run_ask(nic->driver_data, true);
}

void nic_service_down(struct nic *nic)
{
    if (run_ask(nic->driver_data, false) != 0)
        log_warning("%s: did not stop", nic->name);
}

static void run_answer(struct nic_service *service, bool is_running, int error)
{
    atomic_store(&service->is_running, is_running);
    atomic_store(&service->start_error, error);
    waitq_wake_all(&service->changed);
}

void nic_service_control(struct nic_service *service)
{
    bool wants = atomic_load(&service->wants_running);
    int err = 0;

    if (wants == nic_is_running(service))
        return;
    if (wants)
        err = service->ops->start(service->device);
    if (!wants || err)
        service->ops->stop(service->device);
    run_answer(service, wants && !err, err);
}

void nic_service_restart(struct nic_service *service)
{
    int err;

    service->ops->stop(service->device);
    err = service->ops->start(service->device);
    if (err) {
        log_error("%s: does not come back: error %d", service->nic->name, -err);
        service->ops->stop(service->device);
        run_answer(service, false, err);
    }
}

void nic_service_recover(struct nic_service *service)
{
    struct nic *nic = service->nic;

    nic->resets++;
    log_warning("%s: device failed, reset %llu", nic->name, (unsigned long long)nic->resets);
    nic_service_restart(service);
}
