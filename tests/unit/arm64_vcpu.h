/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_ARM64_VCPU_H
#define TESTS_UNIT_ARM64_VCPU_H

/*
 * A VM with arm64 vCPUs on a backend that runs nothing (arm64/backend): what its exits lead to. RAM of 16
 * MiB, records of stolen time, one device, tables of the guest's that tests write.
 */
#include "../../vmm/arm64/arm64.h"
#include "../../vmm/arm64/esr.h"
#include "../../vmm/arm64/machine.h"
#include "../../vmm/irqchip/gic/gic.h"
#include "../../vmm/vm/arch.h"
#include "../../vmm/vm/vm.h"
#include "fake_gmem.h"
#include <core/random.h>
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define RAM         MACHINE_RAM
#define RAM_END     (RAM + MIB(16))
#define ROM         0x1000ULL /* memory that cannot be written */
#define DEVICE      0x09000000ULL
#define NOWHERE     0x20000000ULL
#define REGISTERS   0x08010000ULL /* hardware's that are the guest's own */
#define VCPUS_MAX   18
#define NO_AFFINITY 0x123456

/* MIDR_EL1 of a Cortex-A72. */
struct arm64_host arm64_host = {.midr = 0x410fd083};

static struct vm vm;
static struct vcpu vcpus[VCPUS_MAX], *pointers[VCPUS_MAX];

/* What was asked for. */
static struct {
    char crash[160];
    unsigned crashes, faults, sysregs, leaves, interface_resets, ends, predictors_clears;
    enum vm_end end;
    int fault_error;                  /* of the next calls for RAM */
    unsigned requests[VCPUS_MAX];     /* by vCPU */
    unsigned cleaned, steps_to_clean; /* of the caches, how far and how long */
    unsigned registers_mapped;
    uint64_t device_value, device_offset;
    unsigned device_size, device_reads, device_writes;
    uint64_t steal_cycles, steal_step_ns;
    atomic_uint *steal_flags;
    unsigned steal_bit;
} seen;

void vm_crash(struct vcpu *vcpu, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(seen.crash, sizeof(seen.crash), format, arguments);
    va_end(arguments);
    seen.crashes++;
}

void vm_end(struct vm *ended, enum vm_end reason)
{
    seen.ends++;
    seen.end = reason;
}

int vm_memory_fault(struct vm *owner, gpa_t addr, bool is_write)
{
    seen.faults++;
    if (addr.v >= RAM && addr.v < RAM_END)
        return seen.fault_error;
    if (addr.v >= ROM && addr.v < ROM + PAGE_SIZE)
        return is_write ? -EACCES : 0;
    return -ENOENT;
}

int machine_gic_map(struct vm *owner, gpa_t addr)
{
    if (addr.v < REGISTERS || addr.v >= REGISTERS + PAGE_SIZE)
        return -ENOENT;
    seen.registers_mapped++;
    return seen.fault_error;
}

void vcpu_request(struct vcpu *vcpu, unsigned request)
{
    seen.requests[vcpu->id] |= request;
    atomic_fetch_or(&vcpu->requests, request);
}

void sysreg_exit(struct vcpu *vcpu)
{
    seen.sysregs++;
}

/* --- the backend --- */

uint64_t backend_el1_get(struct vcpu *vcpu, enum arm64_el1_reg reg)
{
    return vcpu->backend.el1[reg];
}

void backend_el1_set(struct vcpu *vcpu, enum arm64_el1_reg reg, uint64_t value)
{
    vcpu->backend.el1[reg] = value;
}

void backend_stage1_watch(struct vcpu *vcpu, bool is_on)
{
    vcpu->backend.is_watched = is_on;
}

/* As long as the test wants. */
bool backend_memory_clean(struct vm *owner, struct mapped_walk *walk)
{
    cr_assert_eq(walk->offset, seen.cleaned, "it goes on where it was");
    walk->offset = ++seen.cleaned;
    return seen.cleaned < seen.steps_to_clean;
}

void backend_reset(struct vcpu *vcpu, uint64_t midr, uint64_t mpidr)
{
    memset(vcpu->arch.x, 0, sizeof(vcpu->arch.x));
    vcpu->arch.pc = 0;
    vcpu->backend.resets++;
    vcpu->backend.midr = midr;
    vcpu->backend.mpidr = mpidr;
}

void backend_predictors_clear(void)
{
    seen.predictors_clears++;
}

bool backend_fp_use(struct vcpu *vcpu)
{
    vcpu->backend.fp_uses++;
    return esr_class(vcpu->arch.esr) != ESR_SVE;
}

void backend_inject_undefined(struct vcpu *vcpu)
{
    vcpu->backend.undefined++;
}

/* From EL1 with SP_EL1. */
void backend_inject_abort(struct vcpu *vcpu, bool is_fetch, uint64_t iss, uint64_t far)
{
    vcpu->backend.aborts++;
    vcpu->backend.is_fetch = is_fetch;
    vcpu->backend.iss = iss;
    vcpu->backend.far = far;
    vcpu->arch.pc = vcpu->backend.el1[ARM64_VBAR_EL1] + 0x200;
}

/* --- the GIC, the scheduler, entropy --- */

void gic_leave(struct gic_cpu *cpu)
{
    seen.leaves++;
}

void gic_wait(struct gic_cpu *cpu)
{
    seen.leaves++;
}

void gic_interface_reset(struct gic_cpu *cpu)
{
    seen.interface_resets++;
}

/* A cycle is a nanosecond. */
uint64_t clock_cycles_span_ns(uint64_t cycles)
{
    return cycles;
}

uint64_t thread_own_steal_cycles(void)
{
    return seen.steal_cycles;
}

void thread_steal_watch(atomic_uint *flags, unsigned bit, uint64_t step_ns)
{
    seen.steal_flags = flags;
    seen.steal_bit = bit;
    seen.steal_step_ns = step_ns;
}

void random_bytes(void *to, size_t length)
{
    memset(to, 0x5a, length);
}

/* --- a device --- */

static uint64_t device_read(void *device, uint64_t offset, unsigned size)
{
    seen.device_reads++;
    seen.device_offset = offset;
    seen.device_size = size;
    return seen.device_value;
}

static void device_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    seen.device_writes++;
    seen.device_offset = offset;
    seen.device_size = size;
    seen.device_value = value;
}

static struct bus_region region = {
    .base = DEVICE, .size = 0x1000, .read = device_read, .write = device_write, .name = "device"};

/* --- the VM --- */

static inline void vm_make(unsigned count)
{
    memset(&seen, 0, sizeof(seen));
    memset(vcpus, 0, sizeof(vcpus));
    fake_gmem_empty();
    fake_gmem_slot(RAM, RAM_END);
    fake_gmem_slot(MACHINE_STOLEN, MACHINE_STOLEN + MACHINE_STOLEN_SIZE);
    vm = (struct vm){.vcpus = pointers, .vcpu_count = count, .gmem = fake_gmem.gmem};
    cr_assert_eq(bus_add(&vm.mmio, &region), 0);
    for (unsigned i = 0; i < count; i++) {
        pointers[i] = &vcpus[i];
        vcpus[i].vm = &vm;
        vcpus[i].id = i;
        vcpus[i].arch.device_page = ~0ULL;
        vcpus[i].arch.pc = RAM;
        atomic_store(&vcpus[i].arch.power, i == 0 ? VCPU_POWER_ON : VCPU_POWER_OFF);
    }
}

static inline void vm_unmake(void)
{
    bus_fini(&vm.mmio);
    fake_gmem_free();
}

#endif
