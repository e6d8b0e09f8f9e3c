/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include "../backend/backend.h"
#include "../dev/acpi_pm.h"
#include "../dev/debug_exit.h"
#include "../dev/i8254.h"
#include "../dev/pci/host.h"
#include "../dev/reset_ports.h"
#include "../dev/rtc.h"
#include "../dev/uart16550.h"
#include "../irqchip/x86.h"
#include "../load/image_source.h"
#include "../vm/arch.h"
#include "../vm/parts.h"
#include "../vm/vm.h"
#include "caches.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define VGA_HOLE     0xa0000ULL
#define VGA_HOLE_END 0xc0000ULL
#define COM1         0x3f8
#define COM1_GSI     4
#define PIT_GSI      0
#define RTC_GSI      8

static uint64_t low_ram(const struct vm *vm)
{
    return MIN(vm->gmem.size, MACHINE_LOW_RAM_MAX);
}

/* RAM keeps its offset where it can, so that large pages fit; what does not fit below the hole goes above 4
 * GiB. */
static int slots_create(struct vm *vm)
{
    uint64_t low = low_ram(vm), high = vm->gmem.size - low;
    const struct gmem_slot slots[] = {
        {.base = gpa(0), .size = VGA_HOLE, .ram_offset = 0},
        {.base = gpa(VGA_HOLE_END), .size = low - VGA_HOLE_END, .ram_offset = VGA_HOLE_END},
        {.base = gpa(MACHINE_HIGH_RAM), .size = high, .ram_offset = low},
    };

    return vm_slots_add(vm, slots, ARRAY_SIZE(slots));
}

/* One after the other, until one fails; what exists goes with the VM. */
static int legacy_devices_create(struct vm *vm, const struct power_hooks *power)
{
    const struct rtc_config rtc = {.wall_ns = clock_wall_ns(),
                                   .low_ram_bytes = low_ram(vm),
                                   .high_ram_bytes = vm->gmem.size - low_ram(vm),
                                   .vcpu_count = vm->vcpu_count};
    struct irqchip *chip = vm->machine->irqchip;
    struct device *device;
    int error;

    error = uart16550_create(&vm->pio, COM1, chip, COM1_GSI, vm->console, &device);
    if (!error) {
        vm_device_add(vm, device);
        error = acpi_pm_create(&vm->pio, MACHINE_PM_BASE, chip, MACHINE_SCI_GSI, &vm->clock, power, &device);
    }
    if (!error) {
        vm_device_add(vm, device);
        error = reset_ports_create(&vm->pio, power, &device);
    }
    if (!error) {
        vm_device_add(vm, device);
        error = i8254_create(&vm->pio, chip, PIT_GSI, &vm->clock, &device);
    }
    if (!error) {
        vm_device_add(vm, device);
        error = rtc_create(&vm->pio, chip, RTC_GSI, &vm->clock, &rtc, &device);
    }
    if (!error) {
        vm_device_add(vm, device);
        vm->machine->rtc = device;
    }
    return error;
}

static int devices_create(struct vm *vm)
{
    const struct power_hooks power = vm_power_hooks(vm);
    const struct vpci_host_config pci = {.pio = &vm->pio,
                                         .mmio = &vm->mmio,
                                         .irqchip = vm->machine->irqchip,
                                         .power = power,
                                         .ecam_base = MACHINE_ECAM,
                                         .window_base = MACHINE_PCI_WINDOW,
                                         .window_end = MACHINE_PCI_WINDOW_END,
                                         .intx_gsi = MACHINE_INTX_GSI,
                                         .intx_lines = MACHINE_INTX_LINES,
                                         .pm_base = MACHINE_PM_BASE};
    struct device *device;
    int error = legacy_devices_create(vm, &power);

    if (!error)
        error = vpci_host_create(&pci, &vm->machine->pci);
    if (!error)
        vm_device_add(vm, &vm->machine->pci->device);
    if (!error && vm->config.debug_exit) {
        error = debug_exit_create(&vm->pio, DEBUG_EXIT_PORT, &power, &device);
        if (!error)
            vm_device_add(vm, device);
    }
    /* Last, because every region that comes later fills it anew. */
    if (!error)
        error = bus_index(&vm->pio);
    return error;
}

/* Whatever vmm/vm lets pass. */
/* Of nested tables. */
#define ADDRESS_BITS 48

int machine_config_check(const struct vm_config *config, struct vm_error *error)
{
    if (config->address_bits == 0)
        return 0;
    error->field = "address_bits";
    snprintf(error->detail, sizeof(error->detail), "%u bits; this machine has no choice of them",
             config->address_bits);
    return -EINVAL;
}

unsigned machine_address_bits(const struct vm *vm)
{
    (void)vm;
    return ADDRESS_BITS;
}

uint64_t machine_memory(const struct vm *vm)
{
    return vm->config.memory;
}

int machine_create(struct vm *vm)
{
    int error;

    vm->machine = calloc(1, sizeof(*vm->machine));
    if (vm->machine == NULL)
        return -ENOMEM;
    guest_cpuid_init(&vm->machine->cpuid, vm->vcpu_count);
    error = slots_create(vm);
    if (!error)
        error =
            irqchip_create(vm->vcpus, vm->vcpu_count, &vm->pio, &vm->mmio, &vm->clock, &vm->machine->irqchip);
    if (!error)
        irqchip_phys_bits_set(vm->machine->irqchip, guest_cpuid_phys_bits(&vm->machine->cpuid));
    for (unsigned i = 0; !error && i < vm->vcpu_count; i++)
        vm->vcpus[i]->arch.lapic = irqchip_lapic(vm->machine->irqchip, i);
    return error ? error : devices_create(vm);
}

void machine_destroy(struct vm *vm)
{
    if (vm->machine == NULL)
        return;
    vm_devices_destroy(vm);
    if (vm->machine->irqchip != NULL)
        irqchip_destroy(vm->machine->irqchip);
    bus_fini(&vm->pio);
    bus_fini(&vm->mmio);
    free(vm->machine);
}

void machine_reset(struct vm *vm)
{
    uint64_t wall_ns = clock_wall_ns();

    irqchip_reset(vm->machine->irqchip);
    if (wall_ns)
        rtc_wall_follow(vm->machine->rtc, wall_ns);
}

#define DEVICES_BYTES 4096 /* the small ones together: UART, timers, RTC, power management */

uint64_t machine_bytes(const struct vm *vm)
{
    return sizeof(struct machine) + sizeof(struct vpci_host) + BUS_INDEXED + DEVICES_BYTES +
           irqchip_bytes(vm->machine->irqchip) + vm->vcpu_count * sizeof(struct x86_caches);
}

void machine_nmi(struct vm *vm)
{
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        lapic_nmi_pin(vm->vcpus[i]->arch.lapic);
}

static unsigned memory_map(const struct vm *vm, struct load_range *map)
{
    uint64_t low = low_ram(vm), high = vm->gmem.size - low;
    unsigned n = 0;

    map[n++] = (struct load_range){0, 0x9fc00, 1};
    map[n++] = (struct load_range){0x9fc00, 0x400, 2};
    map[n++] = (struct load_range){0xe0000, 0x20000, 2}; /* ACPI root pointer */
    map[n++] = (struct load_range){0x100000, low - 0x100000 - ACPI_TABLES_ROOM, 1};
    map[n++] = (struct load_range){low - ACPI_TABLES_ROOM, ACPI_TABLES_ROOM, 3};
    map[n++] = (struct load_range){MACHINE_ECAM, 0x10000000, 2};
    if (high)
        map[n++] = (struct load_range){MACHINE_HIGH_RAM, high, 1};
    return n;
}

#define MEMORY_MAP_MAX 8

static int load(struct vm *vm, const struct load_source *kernel, const struct load_source *initrd,
                struct x86_regs *regs, struct vm_error *error)
{
    uint64_t low = low_ram(vm), high = vm->gmem.size - low;
    struct machine_description machine = {
        .vcpu_count = vm->vcpu_count,
        .low_ram_end = low,
        .high_ram_end = high ? MACHINE_HIGH_RAM + high : 0,
        .ecam_base = MACHINE_ECAM,
        .pci_hole_base = MACHINE_PCI_WINDOW,
        .pci_hole_end = MACHINE_PCI_WINDOW_END,
        .pm_base = MACHINE_PM_BASE,
        .sci_gsi = MACHINE_SCI_GSI,
    };
    struct load_range map[MEMORY_MAP_MAX];
    struct load_params params = {
        .kernel = kernel, .initrd = initrd, .cmdline = vm->config.cmdline, .memory_map = map};
    struct load_error why = {0};
    int result = acpi_tables_build(&vm->gmem, &machine, &params.rsdp);

    params.memory_map_count = memory_map(vm, map);
    if (result == 0)
        result = load_kernel(&vm->gmem, &params, regs, &why);
    else
        why = (struct load_error){.field = "memory", .detail = "there is no room for the firmware tables"};
    if (result != 0) {
        error->field = why.field;
        snprintf(error->detail, sizeof(error->detail), "%s", why.detail);
    }
    return result;
}

int machine_boot(struct vm *vm, struct vm_error *error)
{
    struct x86_regs regs;
    struct image_source kernel = image_source_of(vm->kernel, vm->config.kernel);
    struct image_source initrd = image_source_of(vm->initrd, vm->config.initrd);

    int result;

    vpci_host_assign(vm->machine->pci);
    x86_regs_reset(&regs);
    result = load(vm, &kernel.source, vm->initrd ? &initrd.source : NULL, &regs, error);
    if (result == 0)
        backend_regs_set(vm->vcpus[0], &regs);
    return result;
}
