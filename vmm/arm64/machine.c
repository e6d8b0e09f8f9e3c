/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include "../dev/debug_exit.h"
#include "../dev/pci/host.h"
#include "../dev/pl011.h"
#include "../dev/pl031.h"
#include "../irqchip/gic/gic.h"
#include "../load/arm64.h"
#include "../load/image_source.h"
#include "../vm/arch.h"
#include "../vm/parts.h"
#include "../vm/vm.h"
#include "arm64.h"
#include "id_host.h"
#include <core/time.h>
#include <errno.h>
#include <stdlib.h>

static int layout_make(const struct vm_config *config, struct machine_layout *layout)
{
    return machine_layout_make(config->memory, config->address_bits, arm64_host.ipa_bits, layout);
}

/* Addresses first: how much memory there can be depends on them. */
static int addresses_check(const struct vm_config *config, struct machine_layout *layout,
                           struct vm_error *error)
{
    int result = layout_make(config, layout);

    if (result == -ERANGE)
        return vm_refuse(error, -EINVAL, "address_bits",
                         "%u bits; 32, 36, 40, 42, 44 or 48 are possible, and %u at most on this host",
                         config->address_bits, arm64_host.ipa_bits);
    if (result)
        return vm_refuse(error, -EINVAL, "memory",
                         "%llu bytes; with addresses of %u bits this machine can have %llu",
                         (unsigned long long)config->memory,
                         config->address_bits ? config->address_bits : arm64_host.ipa_bits,
                         (unsigned long long)machine_memory_max(config->address_bits, arm64_host.ipa_bits));
    return 0;
}

int machine_config_check(const struct vm_config *config, struct vm_error *error)
{
    struct machine_layout layout;
    unsigned vcpus;
    int result;

    if (arm64_host.lr_count == 0)
        return vm_refuse(error, -ENODEV, NULL, "this host's GIC has nothing for guests");
    result = addresses_check(config, &layout, error);
    if (result)
        return result;
    vcpus = machine_gic_vcpus(&layout);
    if (config->vcpus > vcpus)
        return vm_refuse(error, -EINVAL, "vcpus", "%u vCPUs; this machine can have %u", config->vcpus, vcpus);
    return 0;
}

unsigned machine_address_bits(const struct vm *vm)
{
    struct machine_layout layout;

    return layout_make(&vm->config, &layout) == 0 ? layout.address_bits : 0;
}

/* Memory in place of flash: none, unless the kernel is firmware. */
static uint64_t flash_size(const struct vm *vm)
{
    const struct image_source kernel = image_source_of(vm->kernel, vm->config.kernel);

    return firmware_recognise_arm64(&kernel.source) && kernel.source.size <= MACHINE_FLASH_MAX
               ? ALIGN_UP(kernel.source.size, PAGE_SIZE)
               : 0;
}

uint64_t machine_memory(const struct vm *vm)
{
    uint64_t flash = flash_size(vm);

    return vm->config.memory + (flash ? ALIGN_UP(flash + MACHINE_VARIABLES_SIZE, GMEM_CHUNK_SIZE) : 0);
}

static int slots_create(struct vm *vm)
{
    const struct machine_layout *layout = &vm->machine->layout;
    uint64_t memory = vm->config.memory, ram = machine_ram_size(memory), flash = flash_size(vm);
    uint64_t low = MIN(ram, layout->ram_size);
    const struct gmem_slot slots[] = {
        {.base = gpa(MACHINE_FLASH), .size = flash, .ram_offset = memory},
        {.base = gpa(MACHINE_VARIABLES),
         .size = flash ? MACHINE_VARIABLES_SIZE : 0,
         .ram_offset = memory + flash},
        {.base = gpa(MACHINE_STOLEN), .size = MACHINE_STOLEN_SIZE, .ram_offset = ram},
        {.base = gpa(MACHINE_RAM), .size = low, .ram_offset = 0},
        {.base = gpa(layout->high_base), .size = ram - low, .ram_offset = low},
    };

    vm->machine->has_firmware = flash != 0;
    return vm_slots_add(vm, slots, ARRAY_SIZE(slots));
}

struct gic_config machine_gic_config(struct vm *vm)
{
    return (struct gic_config){
        .dist_base = MACHINE_GIC_DIST,
        .spi_count = MACHINE_SPIS,
        .lr_count = arm64_host.lr_count,
        .lr_pri_bits = arm64_host.lr_pri_bits,
        .dir_trap = arm64_host.dir_trap,
        .icc_ctlr = arm64_host.icc_ctlr,
        .vcpus = vm->vcpus,
        .vcpu_count = vm->vcpu_count,
        .mmio = &vm->mmio,
        .gmem = &vm->gmem,
    };
}

static int gic_create(struct vm *vm)
{
    int error = machine_gic_create(vm);

    if (error)
        return error;
    vm_device_add(vm, gic_device(vm->machine->irqchip));
    for (unsigned i = 0; i < vm->vcpu_count; i++) {
        vm->vcpus[i]->arch.gic = gic_cpu(vm->machine->irqchip, i);
        vm->vcpus[i]->arch.sysregs.id = vm->machine->id;
        backend_gic_attached(vm->vcpus[i]);
    }
    return 0;
}

static int pci_create(struct vm *vm)
{
    const struct vpci_host_config config = {.pio = &vm->pio,
                                            .mmio = &vm->mmio,
                                            .irqchip = vm->machine->irqchip,
                                            .ecam_base = vm->machine->layout.ecam_base,
                                            .window_base = MACHINE_PCI_WINDOW,
                                            .window_end = MACHINE_PCI_WINDOW_END,
                                            .io_base = MACHINE_PCI_IO,
                                            .intx_gsi = MACHINE_PCI_SPI,
                                            .intx_lines = MACHINE_PCI_LINES};
    int error;

    if (vm->machine->layout.ecam_base == 0)
        return 0;
    error = vpci_host_create(&config, &vm->machine->pci);
    if (!error)
        vm_device_add(vm, &vm->machine->pci->device);
    return error;
}

/* One after the other, until one fails; what exists goes with the VM. */
static int devices_create(struct vm *vm)
{
    const struct power_hooks power = vm_power_hooks(vm);
    struct irqchip *chip = vm->machine->irqchip;
    struct device *device;
    int error = pl011_create(&vm->mmio, MACHINE_UART, chip, MACHINE_UART_SPI, vm->console, &device);

    if (!error) {
        vm_device_add(vm, device);
        error = pl031_create(&vm->mmio, MACHINE_RTC, chip, MACHINE_RTC_SPI, &vm->clock, clock_wall_seconds(),
                             &vm->machine->rtc);
    }
    if (!error) {
        vm_device_add(vm, vm->machine->rtc);
        error = pci_create(vm);
    }
    if (!error && vm->config.debug_exit) {
        error = debug_exit_create(&vm->mmio, DEBUG_EXIT_ADDRESS, &power, &device);
        if (!error)
            vm_device_add(vm, device);
    }
    return error;
}

int machine_create(struct vm *vm)
{
    int error;

    vm->machine = calloc(1, sizeof(*vm->machine));
    if (vm->machine == NULL)
        return -ENOMEM;
    error = layout_make(&vm->config, &vm->machine->layout);
    if (error)
        return error;
    id_regs_get(machine_pa_range(vm->machine->layout.address_bits), vm->machine->id);
    error = slots_create(vm);
    if (!error)
        error = gic_create(vm);
    return error ? error : devices_create(vm);
}

void machine_destroy(struct vm *vm)
{
    if (vm->machine == NULL)
        return;
    vm_devices_destroy(vm);
    bus_fini(&vm->pio);
    bus_fini(&vm->mmio);
    free(vm->machine);
}

/* The GIC is one of the devices. */
void machine_reset(struct vm *vm)
{
    uint64_t wall_ns = clock_wall_ns();

    if (wall_ns)
        pl031_wall_follow(vm->machine->rtc, wall_ns);
}

#define DEVICES_BYTES 2048 /* the small ones together */

uint64_t machine_bytes(const struct vm *vm)
{
    return sizeof(struct machine) + sizeof(struct vpci_host) + DEVICES_BYTES +
           irqchip_bytes(vm->machine->irqchip) + vm->vcpu_count * (uint64_t)arm64_host.sve_bytes;
}

/* There is no such line; what comes nearest is an error that nobody can ignore, on the boot CPU. */
void machine_nmi(struct vm *vm)
{
    vcpu_request(vm->vcpus[0], VCPU_REQ_SERROR);
}
