/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VM_VM_H
#define VMM_VM_VM_H

#include "../dev/bus.h"
#include "../dev/device.h"
#include "../mem/gmem.h"
#include "../mem/stage2.h"
#include "vcpu.h"
#include "vm_clock.h"
#include <core/compiler.h>
#include <core/types.h>
#include <core/waitq.h>
#include <vmm/vm.h>

/*
 * A virtual machine. (i) immutable after creation, (l) the VM's lock, (a) atomic, (s) changed only while no
 * vCPU runs.
 */
struct machine;

struct vm {
    struct vm_config config; /* i */
    struct mutex lock;       /* life cycle: one action at a time */
    _Atomic uint8_t state;   /* a: enum vm_state; changed under l */
    struct gmem gmem;        /* s */
    struct stage2 stage2;
    struct bus pio, mmio;       /* s */
    struct device_list devices; /* s */
    struct vm_clock clock;
    struct machine *machine;     /* i: vmm/x86/machine.c */
    struct vcpu **vcpus;         /* i */
    unsigned vcpu_count;         /* i */
    uint64_t serial;             /* i: of all VMs there ever were, from 1 */
    atomic_uint running;         /* a: vCPUs in the run loop */
    struct waitq flushed;        /* woken when a vCPU has done VCPU_REQ_TLB_FLUSH, or need not */
    struct waitq parked;         /* woken when `running` falls to 0, and when the VM ends by itself */
    _Atomic uint32_t end_reason; /* a: why the guest ended itself: enum vm_end */
    atomic_bool has_crash;
    atomic_uint references;
    struct vm *ended_next; /* link in the list of VMs to be settled */
    atomic_bool is_in_ended_list;
    atomic_uint
        to_be_settled; /* calls of vm_settle() that are due or under way; none begins after deletion */
    struct timer restart_timer;
    _Atomic uint64_t
        restart_at_ns; /* a: host time; when the restart policy wants it started, 0: not; changed under l */
    _Atomic unsigned restarts;     /* a: in a row, for the back-off; changed under l */
    uint64_t powered_on_ns;        /* l: VM time of the last start or reset */
    bool is_deleted;               /* l: no start any more */
    struct image *kernel, *initrd; /* i: held while the VM exists, so nobody deletes them */
    uint32_t exit_code;            /* of the debug-exit port */
    struct vm_crash crash;         /* written by the first vCPU that crashes */
    struct vm_console *console;    /* i */
};

/* The restart timer's function: has the manager look at the VM again. */
void vm_restart_timer(struct timer *timer);

/* The guest has ended the VM (power off, reset, crash): asks every vCPU to park and tells whoever manages it.
 * vCPU thread. */
void vm_end(struct vm *vm, enum vm_end reason);
void vm_crash(struct vcpu *vcpu, const char *format, ...) printf_like(2, 3);

/* Says what is wrong and with which field of the request (NULL: none); returns `code`. Context: any. */
int vm_refuse(struct vm_error *error, int code, const char *field, const char *format, ...) printf_like(4, 5);

/* Queues a VM that has ended by itself for vm_settle() on the manager's thread. Context: any. */
void vm_ended(struct vm *vm);
/* Brings such a VM into its next state. Manager's thread. */
void vm_settle(struct vm *vm);

/*
 * A stage-2 fault at `addr`: 0 if RAM is mapped there now; -ENOENT: there is none (a device, or nothing);
 * -EACCES: a write to ROM; -ENOMEM: no memory for tables. vCPU thread; on several at once.
 */
must_check int vm_memory_fault(struct vm *vm, gpa_t addr, bool is_write);

/*
 * When it returns, every vCPU has been out of the guest and out of whatever its exit led to since the call,
 * and drops its translations before it enters again. Context: thread, the VM's lock held.
 */
void vm_tlb_flush(struct vm *vm);

/* Host memory of a VM beyond its RAM and its stage-2 tables. */
uint64_t vm_overhead_bytes(const struct vm *vm);

#endif
