/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_NIC_SERVICE_H
#define DRIVERS_NIC_SERVICE_H

#include <contract/nic.h>
#include <core/sync.h>
#include <core/time.h>
#include <core/types.h>
#include <core/waitq.h>
#include <stdatomic.h>

/*
 * What NIC drivers have in common: a thread that interrupts and callers wake with event bits, and in which
 * the device is started, stopped and, after a failure, started anew.
 */
enum nic_event {
    NIC_EVENT_QUEUES = 1 << 0,  /* received frames, room to refill, or room to transmit */
    NIC_EVENT_LINK = 1 << 1,    /* link state or configuration may have changed */
    NIC_EVENT_TX = 1 << 2,      /* frames have been in the transmit ring for a while */
    NIC_EVENT_RESET = 1 << 3,   /* the device needs a reset */
    NIC_EVENT_CONTROL = 1 << 4, /* wants_running has changed */
};

/* What a driver does for its service. Context of each: service thread. */
struct nic_device_ops {
    int (*start)(void *device); /* from silence to receiving and sending */
    void (*stop)(void *device); /* after this nothing is the device's any more */
    void (*run)(void *device, unsigned events);
};

struct nic_service {
    const struct nic_device_ops *ops; /* immutable */
    void *device;                     /* immutable */
    struct nic *nic;                  /* immutable */
    unsigned cpu;                     /* immutable; where thread and interrupts are */
    struct waitq wake;
    atomic_uint events; /* enum nic_event */

    atomic_bool wants_running; /* as the last start or stop said */
    atomic_bool is_running;    /* owner: service thread */
    struct waitq changed;      /* is_running is what it was asked to be, or it failed */
    atomic_int start_error;
};

/* Makes the thread, which is named after nic->driver. Context: thread. */
must_check int nic_service_start(struct nic_service *service, const struct nic_device_ops *ops, void *device,
                                 struct nic *nic);

/* Context: any, interrupts included. */
void nic_service_post(struct nic_service *service, unsigned events);

/* For rx_pool_init(): a buffer that was missing came home. Context: any thread. */
void nic_service_refill(void *service);

/* nic_ops.start and stop: let the service thread do it and wait. Context: thread, no lock held. */
must_check int nic_service_up(struct nic *nic);
void nic_service_down(struct nic *nic);

static inline bool nic_is_running(struct nic_service *service)
{
    return atomic_load_explicit(&service->is_running, memory_order_relaxed);
}

/* In NIC_EVENT_CONTROL: starts or stops the device, as was asked. Context: service thread. */
void nic_service_control(struct nic_service *service);

/* Stops the device and starts it again; one that does not come back stays stopped. Context: service thread.
 */
void nic_service_restart(struct nic_service *service);

/* The same with a device that failed: counted and told. Context: service thread. */
void nic_service_recover(struct nic_service *service);

#endif
