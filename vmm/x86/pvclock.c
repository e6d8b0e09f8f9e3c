/* SPDX-License-Identifier: BSD-2-Clause */
#include "pvclock.h"

#include "../irqchip/x86.h"
#include "../vm/vm.h"
#include "x86.h"
#include <arch/clock.h>
#include <errno.h>

#define MSR_WALL_CLOCK  0x4b564d00
#define MSR_SYSTEM_TIME 0x4b564d01

#define SYSTEM_TIME_ENABLE 1
#define FLAG_TSC_STABLE    1

/* struct pvclock_vcpu_time_info and pvclock_wall_clock: msr.rst. */
struct time_info {
    uint32_t version; /* odd while being written */
    uint32_t padding;
    uint64_t tsc_timestamp;
    uint64_t system_time;
    uint32_t tsc_to_system_mul;
    int8_t tsc_shift;
    uint8_t flags;
    uint8_t padding2[2];
};

struct wall_clock {
    uint32_t version, seconds, nanoseconds;
};

_Static_assert(sizeof(struct time_info) == 32, "msr.rst");

/* ns = (delta << shift) * mul >> 32, with mul in the upper half of its range so that no precision is lost. */
static void scale_of(uint64_t hz, uint32_t *mul, int8_t *shift)
{
    uint64_t rate = hz;

    *shift = 0;
    while (rate > 2 * NSEC_PER_SEC) {
        rate >>= 1;
        (*shift)--;
    }
    while (rate <= NSEC_PER_SEC) {
        rate <<= 1;
        (*shift)++;
    }
    *mul = (uint32_t)((NSEC_PER_SEC << 32) / rate);
}

/* Writes the vCPU's time page anew, if it has one. */
static void page_update(struct vcpu *vcpu)
{
    gpa_t at = gpa(vcpu->arch.pvclock_msr & ~1ULL);
    struct time_info info = {0};
    size_t length = sizeof(info);
    volatile struct time_info *page;

    if (!(vcpu->arch.pvclock_msr & SYSTEM_TIME_ENABLE))
        return;
    page = gmem_ptr(&vcpu->vm->gmem, at, &length, true);
    if (page == NULL || length < sizeof(info))
        return;
    scale_of(clock_hz(), &info.tsc_to_system_mul, &info.tsc_shift);
    info.tsc_timestamp = arch_clock_cycles();
    info.system_time = vm_clock_now_ns(&vcpu->vm->clock);
    info.tsc_timestamp += vcpu->arch.tsc_offset;

    page->version = (page->version | 1) + 2;
    atomic_thread_fence(memory_order_release);
    page->tsc_timestamp = info.tsc_timestamp;
    page->system_time = info.system_time;
    page->tsc_to_system_mul = info.tsc_to_system_mul;
    page->tsc_shift = info.tsc_shift;
    page->flags = FLAG_TSC_STABLE;
    atomic_thread_fence(memory_order_release);
    page->version++;
}

static int wall_clock_write(struct vcpu *vcpu, uint64_t value)
{
    struct wall_clock clock = {.version = 2};
    uint64_t wall = clock_wall_ns(), now = vm_clock_now_ns(&vcpu->vm->clock);
    uint64_t boot = wall > now ? wall - now : 0; /* at VM time 0 */

    clock.seconds = (uint32_t)(boot / NSEC_PER_SEC);
    clock.nanoseconds = (uint32_t)(boot % NSEC_PER_SEC);
    /* An address outside memory is the guest's own mistake; KVM ignores it too. */
    (void)!gmem_write(&vcpu->vm->gmem, gpa(value), &clock, sizeof(clock));
    vcpu->arch.wall_clock_msr = value;
    return 0;
}

int pvclock_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
    *value = msr == MSR_WALL_CLOCK ? vcpu->arch.wall_clock_msr : vcpu->arch.pvclock_msr;
    return 0;
}

int pvclock_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
    if (msr == MSR_WALL_CLOCK)
        return wall_clock_write(vcpu, value);
    vcpu->arch.pvclock_msr = value;
    page_update(vcpu);
    return 0;
}

/* The guest's TSC and what is derived from it have moved. */
void x86_clock_update(struct vcpu *vcpu)
{
    backend_tsc_offset_set(vcpu, vcpu->arch.tsc_offset);
    lapic_tsc_set(vcpu->arch.lapic, clock_hz(), vcpu->arch.tsc_offset);
    page_update(vcpu);
}
