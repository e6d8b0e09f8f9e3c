/* SPDX-License-Identifier: BSD-2-Clause */
#include "../irqchip/gicv2/gicv2.h"
#include "../load/arm64.h"
#include "../vm/vm.h"
#include "machine.h"
#include <core/host_info.h>
#include <errno.h>

/* The machine's interrupt controller on a host with a GICv2. */

unsigned machine_gic_vcpus(const struct machine_layout *layout)
{
    (void)layout;
    return GICV2_VCPUS;
}

int machine_gic_create(struct vm *vm)
{
    const struct gicv2_config config = {
        .gic = machine_gic_config(vm),
        .interface_base = MACHINE_GIC_CPU,
        .frame_base = MACHINE_GIC_FRAME,
        .frame_spi = MACHINE_GIC_FRAME_SPI,
        .frame_spis = MACHINE_GIC_FRAME_SPIS,
    };

    return gicv2_create(&config, &vm->machine->irqchip);
}

void machine_gic_describe(const struct vm *vm, struct fdt_machine *machine)
{
    (void)vm;
    machine->gic_cpu_base = MACHINE_GIC_CPU;
    machine->gic_frame_base = MACHINE_GIC_FRAME;
}

/*
 * GICV is GICC to the guest. Whatever page it is in, its registers come first there: where it is spread over
 * pages of 64K, each of them repeats sixteen times. The vCPU's own list registers are all that it shows.
 */
int machine_gic_map(struct vm *vm, gpa_t addr)
{
    int result;

    if (ALIGN_DOWN(addr.v, PAGE_SIZE) != MACHINE_GIC_CPU)
        return -ENOENT;
    result = stage2_map_page(&vm->stage2, gpa(MACHINE_GIC_CPU), host_info()->gic.virtual_cpu_interface, 0,
                             STAGE2_DEVICE);
    return MIN(result, 0); /* 1: another vCPU has mapped it */
}
