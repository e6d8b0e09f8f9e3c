/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine of all device models, driven by a guest that does anything: six bytes per step choose a bus, a
 * place, a size and a value; time passes, interrupts come from outside, state is saved and loaded. The first
 * byte may ask for the rest of the input to be loaded as state first.
 */
#include "../unit/device_fixture.h"
#include "acpi_pm.h"
#include "debug_exit.h"
#include "host.h"
#include "i8254.h"
#include "reset_ports.h"
#include "rtc.h"
#include "uart16550.h"

#define ECAM   0xb0000000ULL
#define WINDOW 0xc0000000ULL
#define BAR    0x1000

#define UPTIME_MAX_NS BIT(60)

static struct device_list devices;
static struct device *pm, *all[8];
static struct vpci_host *host;
static struct vm_console *console;
static struct vpci_device function;

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

static uint64_t bar_read(void *context, uint64_t offset, unsigned size)
{
    check(context == &function && offset + size <= BAR);
    return offset;
}

static void bar_write(void *context, uint64_t offset, unsigned size, uint64_t value)
{
    check(context == &function && offset + size <= BAR);
    vpci_intx_set(&function, value & 1);
    vpci_msix_send(&function, (unsigned)offset % 8);
}

static void function_reset(struct device *device)
{
    vpci_device_reset(&function);
}

static void function_save(struct device *device, struct state_writer *writer)
{
    vpci_device_save(&function, writer);
}

static int function_load(struct device *device, struct state_reader *reader, uint32_t version)
{
    return vpci_device_load(&function, reader);
}

static void function_destroy(struct device *device)
{
    vpci_device_fini(&function);
}

static const struct device_ops function_ops = {
    .name = "function",
    .version = 1,
    .reset = function_reset,
    .save = function_save,
    .load = function_load,
    .destroy = function_destroy,
};

static struct device *function_create(void)
{
    static const struct vpci_ids ids = {.vendor = 0x1af4, .device = 0x1000, .interrupt_pin = 2};
    static struct device device = {.ops = &function_ops};

    vpci_device_init(&function, host, PCI_DEVFN(5), &ids, NULL);
    check(vpci_bar_add(&function, 0, PCI_BAR_MEMORY64, "bar", BAR, bar_read, bar_write, &function) == 0);
    check(vpci_bar_add(&function, 2, PCI_BAR_IO, "bar", 32, bar_read, bar_write, &function) == 0);
    check(vpci_msix_add(&function, 3, 5) == 0);
    check(vpci_device_add(&function) == 0);
    vpci_host_assign(host);
    return &device;
}

static void machine_build(void)
{
    struct rtc_config rtc = {.wall_ns = 1700000000 * NSEC_PER_SEC, .low_ram_bytes = GIB(1), .vcpu_count = 1};
    struct vpci_host_config pci = {
        .pio = &pio,
        .mmio = &mmio,
        .irqchip = &chip,
        .power = power,
        .ecam_base = ECAM,
        .window_base = WINDOW,
        .window_end = WINDOW + MIB(1),
        .intx_gsi = 16,
        .intx_lines = 8,
        .pm_base = 0x600,
    };

    machine_start();
    check(console_create(&console) == 0);
    check(uart16550_create(&pio, 0x3f8, &chip, 4, console, &all[0]) == 0);
    check(acpi_pm_create(&pio, 0x600, &chip, 9, &vm_clock, &power, &pm) == 0);
    all[1] = pm;
    check(reset_ports_create(&pio, &power, &all[2]) == 0);
    check(debug_exit_create(&pio, 0xf4, &power, &all[3]) == 0);
    check(i8254_create(&pio, &chip, 0, &vm_clock, &all[4]) == 0);
    check(rtc_create(&pio, &chip, 8, &vm_clock, &rtc, &all[5]) == 0);
    check(vpci_host_create(&pci, &host) == 0);
    all[6] = &host->device;
    all[7] = function_create();
    check(bus_index(&pio) == 0);
    TAILQ_INIT(&devices);
    for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
        TAILQ_INSERT_TAIL(&devices, all[i], link);
}

static void machine_end(void)
{
    for (unsigned i = ARRAY_SIZE(all); i-- > 0;)
        all[i]->ops->destroy(all[i]);
    console_destroy(console);
    machine_stop();
}

/* What has been saved can be loaded, and is the same when it is saved again. */
static void state_round(void)
{
    struct state_writer first, second;
    struct state_error error;

    for (unsigned round = 0; round < 2; round++) {
        state_writer_init(&first);
        state_writer_init(&second);
        check(state_save(&devices, &first) == 0);
        check(state_load(&devices, first.bytes, first.size, &error) == 0);
        check(state_save(&devices, &second) == 0);
        /* The first load lets pass what time has brought. */
        check(round == 0 ||
              (first.size == second.size && memcmp(first.bytes, second.bytes, first.size) == 0));
        state_writer_fini(&first);
        state_writer_fini(&second);
    }
}

/* Any bytes as a device's record, and as the stream of all. */
static void state_take(unsigned which, const uint8_t *data, size_t size)
{
    struct device *device = all[which % ARRAY_SIZE(all)];
    struct state_reader reader;
    struct state_error error;

    (void)!state_load(&devices, data, size, &error);
    state_reader_init(&reader, data, size);
    if (device->ops->load(device, &reader, device->ops->version) != 0)
        device->ops->reset(device);
}

static void port_step(uint8_t place, unsigned size, uint32_t value, bool is_write)
{
    static const uint16_t bases[16] = {0x40, 0x60, 0x70,  0x92,  0xf4,  0x3f8,  0x600, 0x608,
                                       0x60, 0x61, 0xcf8, 0xcfc, 0xcf8, 0xc000, 0x620, 0x43};
    uint16_t port = (uint16_t)(bases[place >> 4] + (place & 15));

    if (is_write)
        out(port, size, value);
    else
        in(port, size);
}

static void memory_step(uint8_t place, unsigned size, uint32_t value, bool is_write)
{
    static const uint64_t bases[8] = {
        ECAM,           ECAM + (5 << 15), ECAM + (5 << 15) + 0x10, ECAM + (5 << 15) + 0x40,
        ECAM + 0xf8000, WINDOW,           WINDOW + 0x1000,         WINDOW + 0x1800};
    uint64_t address = bases[place >> 5] + (place & 31) * 4 % 0x60 + (value >> 30);

    if (is_write)
        mem_write(address, size, (uint64_t)value << 32 | value);
    else
        mem_read(address, size);
}

static void outside_step(uint8_t what, uint32_t value)
{
    switch (what % 8) {
    case 0:
        time_advance(value & 0xffffff);
        break;
    case 1:
        /* No host runs for 30 years. */
        if (fake_clock_cycles < UPTIME_MAX_NS)
            time_jump((uint64_t)value << (what >> 3) & (UPTIME_MAX_NS - 1));
        break;
    case 2:
        acpi_pm_power_button(pm);
        break;
    case 3:
        acpi_pm_event(pm, value);
        break;
    case 4:
        vm_console_input(console, &value, sizeof(value));
        break;
    case 5:
        state_round();
        break;
    case 6:
        vpci_msix_send(&function, value % 8);
        vpci_intx_set(&function, value & 1);
        break;
    default:
        all[value % ARRAY_SIZE(all)]->ops->reset(all[value % ARRAY_SIZE(all)]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    machine_build();
    if (size > 1 && data[0] & 0x80)
        state_take(data[0] & 0x7f, data + 1, size - 1);
    for (size_t i = 0; i + 6 <= size && i < 4096; i += 6) {
        uint32_t value = data[i + 2] | (uint32_t)data[i + 3] << 8 | (uint32_t)data[i + 4] << 16 |
                         (uint32_t)data[i + 5] << 24;
        uint8_t op = data[i], place = data[i + 1];
        bool is_write = op & 8;

        if ((op & 3) == 0)
            port_step(place, 1U << (op >> 4) % 3, value, is_write);
        else if ((op & 3) == 1)
            memory_step(place, 1U << (op >> 4) % 4, value, is_write);
        else
            outside_step(place, value);
    }
    state_round();
    machine_end();
    return 0;
}
