/* SPDX-License-Identifier: BSD-2-Clause */
#include "../irqchip/gicv3/gicv3.h"
#include "../load/arm64.h"
#include "../vm/vm.h"
#include "machine.h"
#include <errno.h>

/* The machine's interrupt controller on a host with a GICv3. */

unsigned machine_gic_vcpus(const struct machine_layout *layout)
{
    return MACHINE_GIC_REDISTS + (layout->redist2_base != 0 ? MACHINE_GIC_REDISTS2 : 0);
}

int machine_gic_create(struct vm *vm)
{
    const struct gicv3_config config = {
        .gic = machine_gic_config(vm),
        .redist = {{MACHINE_GIC_REDIST, MACHINE_GIC_REDISTS},
                   {vm->machine->layout.redist2_base, MACHINE_GIC_REDISTS2}},
        .its_base = MACHINE_GIC_ITS,
    };

    return gicv3_create(&config, &vm->machine->irqchip);
}

void machine_gic_describe(const struct vm *vm, struct fdt_machine *machine)
{
    unsigned first = MIN(vm->vcpu_count, MACHINE_GIC_REDISTS), rest = vm->vcpu_count - first;

    machine->gic_its_base = MACHINE_GIC_ITS;
    machine->gic_redist[0].base = MACHINE_GIC_REDIST;
    machine->gic_redist[0].size = first * GICV3_REDIST_SIZE;
    machine->gic_redist[1].base = vm->machine->layout.redist2_base;
    machine->gic_redist[1].size = rest * GICV3_REDIST_SIZE;
}

int machine_gic_map(struct vm *vm, gpa_t addr)
{
    (void)vm, (void)addr;
    return -ENOENT;
}
