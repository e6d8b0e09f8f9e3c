/* SPDX-License-Identifier: BSD-2-Clause */
#include "../irqchip/gic/gic.h"
#include "../load/arm64.h"
#include "../load/image_source.h"
#include "../vm/arch.h"
#include "../vm/vm.h"
#include "arm64.h"
#include "machine.h"
#include <core/random.h>
#include <stdio.h>

/* Power-on: the kernel, and the device tree that tells it where it is. */

static uint32_t affinity_of(unsigned vcpu)
{
    return gic_affinity(vcpu);
}

static void describe(const struct vm *vm, struct fdt_machine *machine)
{
    const struct machine_layout *layout = &vm->machine->layout;
    uint64_t ram = machine_ram_size(vm->config.memory);

    *machine = (struct fdt_machine){
        .vcpu_count = vm->vcpu_count,
        .affinity = affinity_of,
        .ram_base = MACHINE_RAM,
        .ram_size = MIN(ram, layout->ram_size),
        .high_base = layout->high_base,
        .high_size = ram - MIN(ram, layout->ram_size),
        .gic_dist_base = MACHINE_GIC_DIST,
        .uart_base = MACHINE_UART,
        .uart_spi = MACHINE_UART_SPI,
        .rtc_base = MACHINE_RTC,
        .rtc_spi = MACHINE_RTC_SPI,
    };
    machine_gic_describe(vm, machine);
    if (vm->machine->pci == NULL)
        return;
    machine->pci.ecam_base = layout->ecam_base;
    machine->pci.ecam_size = MACHINE_ECAM_SIZE;
    machine->pci.io_base = MACHINE_PCI_IO;
    machine->pci.io_size = MACHINE_PCI_IO_SIZE;
    machine->pci.window_base = MACHINE_PCI_WINDOW;
    machine->pci.window_size = MACHINE_PCI_WINDOW_END - MACHINE_PCI_WINDOW;
    machine->pci.intx_spi = MACHINE_PCI_SPI;
}

int machine_boot(struct vm *vm, struct vm_error *error)
{
    struct image_source kernel = image_source_of(vm->kernel, vm->config.kernel);
    struct image_source initrd = image_source_of(vm->initrd, vm->config.initrd);
    const struct load_range map = {
        MACHINE_RAM, MIN(machine_ram_size(vm->config.memory), vm->machine->layout.ram_size), LOAD_RAM};
    const struct load_params params = {.kernel = &kernel.source,
                                       .initrd = vm->initrd ? &initrd.source : NULL,
                                       .cmdline = vm->config.cmdline,
                                       .memory_map = &map,
                                       .memory_map_count = 1};
    uint8_t seed[FDT_SEED_SIZE];
    struct fdt_machine machine;
    struct arm64_entry entry;
    struct load_error why;
    int result;

    describe(vm, &machine);
    random_bytes(seed, sizeof(seed));
    machine.seed = seed;
    if (vm->machine->has_firmware)
        result = load_firmware_arm64(&vm->gmem, &params, &machine, MACHINE_FLASH, &entry, &why);
    else
        result = load_kernel_arm64(&vm->gmem, &params, &machine, &entry, &why);
    if (result != 0) {
        error->field = why.field;
        snprintf(error->detail, sizeof(error->detail), "%s", why.detail);
        return result;
    }
    caches_boot(vm->vcpus[0]);
    vm->vcpus[0]->arch.pc = entry.pc;
    vm->vcpus[0]->arch.x[0] = entry.x0;
    return 0;
}
