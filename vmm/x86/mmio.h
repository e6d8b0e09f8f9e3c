/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_MMIO_H
#define VMM_X86_MMIO_H

#include <core/types.h>

struct vcpu;

/* Accesses to guest-physical addresses where there is no RAM. Context: vCPU thread. */

/* The instruction behind a stage-2 fault at an address without RAM: vcpu->exit.fault. */
void mmio_handle(struct vcpu *vcpu);

/* This vCPU's own local APIC, or a device on the bus, or nobody; `size` bytes within a page, at most 16. */
void device_read(struct vcpu *vcpu, gpa_t at, void *data, unsigned size);
void device_write(struct vcpu *vcpu, gpa_t at, const void *data, unsigned size);

#endif
