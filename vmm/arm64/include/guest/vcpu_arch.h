/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_VCPU_ARCH_H
#define GUEST_VCPU_ARCH_H

#include "../../../dev/bus.h"
#include "../../../mem/mapped.h"
#include "../../sysreg.h"
#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * What a vCPU is on arm64 beyond what every architecture has: embedded in struct vcpu. Registers of EL1 and
 * EL0 are the backend's (<guest/backend.h>). Who may touch a member: see struct vcpu.
 */
struct gic_cpu;

struct vcpu_arch {
    /* First, because assembly knows them. */
    uint64_t x[31];     /* t */
    uint64_t pc;        /* t */
    uint64_t pstate;    /* t: as SPSR_EL2 has it */
    uint64_t esr, far;  /* t: of the last exit, see <guest/exit.h> */
    uint64_t behind[2]; /* t: its ESR_EL2 and that of an SError right behind it, for the backend */

    struct gic_cpu *gic; /* i: its virtual interrupt interface (vmm/irqchip/gic) */

    struct sysreg_file sysregs; /* t: registers that software keeps */
    uint64_t device_page;       /* t: guest-physical page number without RAM behind it; ~0: none known */
    struct bus_hint device;     /* t: the last one that was accessed */

    atomic_uint power;             /* a: enum vcpu_power (vmm/arm64/power.c) */
    uint64_t on_entry, on_context; /* whoever made `power` ON_PENDING, until VCPU_REQ_ON is handled */

    bool are_caches_watched;    /* t: writes of the registers of stage 1 trap (vmm/arm64/caches.c) */
    bool is_cleaning;           /* t: caches, of what the VM's memory has in them; and */
    struct mapped_walk cleaned; /* t: how far that is */

    bool has_stolen_time;    /* t: the guest wants to know; cleared while no vCPU runs */
    uint64_t stolen_base_ns; /* t: its thread's steal time that the guest has not seen */
};

/* Requests that only this architecture has; see enum vcpu_request. */
enum vcpu_arch_request {
    VCPU_REQ_SERROR = 1 << 16, /* a virtual SError: the machine's NMI line */
    VCPU_REQ_ON = 1 << 17,     /* PSCI CPU_ON has prepared it */
    VCPU_REQ_STEAL = 1 << 18,  /* it has had to wait for a CPU: the scheduler's */
    VCPU_REQ_CLEAN = 1 << 19,  /* caches are to be cleaned, or further */
};

#endif
