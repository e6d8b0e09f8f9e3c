/* SPDX-License-Identifier: BSD-2-Clause */
#include "device_fixture.h"
#include "host.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>

#define ECAM   0xb0000000ULL
#define WINDOW 0xc0000000ULL

static struct vpci_host *host;

/* A function with all that there is: BARs of each kind, capabilities, MSI-X, a pin. */
struct model {
    struct vpci_device pci;
    _Atomic uint64_t last_offset;
    atomic_uint bad; /* accesses beyond the BAR */
    unsigned config_writes, hook_offset;
};

static struct model models[3];

#define MEMORY_SIZE 0x4000
#define IO_SIZE     0x40

static uint64_t memory_read(void *context, uint64_t offset, unsigned size)
{
    struct model *m = context;

    m->bad += offset + size > MEMORY_SIZE;
    return 0x1100000000000000ULL + (uint64_t)(m - models) * 0x100000 + offset;
}

static void memory_write(void *context, uint64_t offset, unsigned size, uint64_t value)
{
    struct model *m = context;

    m->bad += offset + size > MEMORY_SIZE;
    m->last_offset = offset;
}

static uint64_t io_read(void *context, uint64_t offset, unsigned size)
{
    return 0x40 + offset;
}

static void config_written(struct vpci_device *device, unsigned offset, unsigned size)
{
    struct model *m = container_of(device, struct model, pci);

    m->config_writes++;
    m->hook_offset = offset;
}

static bool config_read(struct vpci_device *device, unsigned offset, unsigned size, uint32_t *value)
{
    if (offset != 0xf0)
        return false;
    *value = 0x12345678;
    return true;
}

static const struct vpci_device_hooks hooks = {.config_written = config_written, .config_read = config_read};

static void model_add(unsigned i, unsigned slot)
{
    static const struct vpci_ids ids = {
        .vendor = 0x1af4,
        .device = 0x1041,
        .subsystem_vendor = 0x1af4,
        .subsystem = 0x1100,
        .class_code = 0x020000,
        .revision = 1,
        .interrupt_pin = 1,
    };
    struct vpci_device *d = &models[i].pci;
    int at;

    vpci_device_init(d, host, PCI_DEVFN(slot), &ids, &hooks);
    cr_assert_eq(vpci_bar_add(d, 0, PCI_BAR_IO, "io", IO_SIZE, io_read, memory_write, &models[i]), 0);
    cr_assert_eq(vpci_msix_add(d, 1, 3), 0);
    at = vpci_capability_add(d, PCI_CAPABILITY_VENDOR, 14);
    cr_assert_eq(at, 0x4c);
    d->config[at + 2] = 14;
    d->writable[at + 4] = 0xf0;
    d->clearable[at + 5] = 0x0f;
    d->config[at + 5] = 0xff;
    cr_assert_eq(
        vpci_bar_add(d, 4, PCI_BAR_MEMORY64, "memory", MEMORY_SIZE, memory_read, memory_write, &models[i]),
        0);
    cr_assert_eq(vpci_device_add(d), 0);
}

static void start(void)
{
    struct vpci_host_config config = {
        .pio = &pio,
        .mmio = &mmio,
        .irqchip = &chip,
        .power = power,
        .ecam_base = ECAM,
        .window_base = WINDOW,
        .window_end = 0xfec00000,
        .intx_gsi = 16,
        .intx_lines = 8,
        .pm_base = 0x600,
    };

    machine_start();
    memset(models, 0, sizeof(models));
    cr_assert_eq(vpci_host_create(&config, &host), 0);
    model_add(0, 3);
    model_add(1, 4);
    cr_assert_eq(bus_index(&pio), 0);
}

static void stop(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(models); i++) {
        cr_assert_eq(models[i].bad, 0);
        vpci_device_fini(&models[i].pci);
    }
    host->device.ops->destroy(&host->device);
    machine_stop();
}

TestSuite(pci_host, .init = start, .fini = stop);

static uint32_t cfg_read(unsigned slot, unsigned offset, unsigned size)
{
    out(0xcf8, 4, 0x80000000 | slot << 11 | (offset & 0xfc));
    return (uint32_t)in((uint16_t)(0xcfc + (offset & 3)), size);
}

static void cfg_write(unsigned slot, unsigned offset, unsigned size, uint32_t value)
{
    out(0xcf8, 4, 0x80000000 | slot << 11 | (offset & 0xfc));
    out((uint16_t)(0xcfc + (offset & 3)), size, value);
}

static uint64_t ecam(unsigned slot, unsigned offset)
{
    return ECAM + (slot << 15) + offset;
}

Test(pci_host, what_every_guest_expects)
{
    cr_assert_eq(cfg_read(0, 0, 4), 0x29c08086);
    cr_assert_eq(cfg_read(0, 8, 4), 0x06000000);
    cr_assert_eq(cfg_read(0, 0x60, 4), ECAM | 1);
    cr_assert_eq(cfg_read(31, 0, 4), 0x29188086);
    cr_assert_eq(cfg_read(31, 8, 4), 0x06010002);
    cr_assert_eq(cfg_read(31, 0x40, 4), 0x601);
    cr_assert_eq(cfg_read(31, 0x44, 1), 0x80);
    cr_assert_eq(cfg_read(31, 0x2c, 4), 0x11001af4);
    cfg_write(31, 0x40, 4, 0x401);
    cr_assert_eq(cfg_read(31, 0x40, 4), 0x601);
    cr_assert_eq(cfg_read(31, 0x60, 4), 0x80808080);
    cfg_write(31, 0x60, 1, 0xff);
    cr_assert_eq(cfg_read(31, 0x60, 1), 0x8f);
    cr_assert_eq(cfg_read(1, 0, 4), 0xffffffff);
    cr_assert_eq(cfg_read(1, 2, 2), 0xffff);
}

Test(pci_host, configuration_ports)
{
    out(0xcf8, 4, 0xffffffff);
    cr_assert_eq(in(0xcf8, 4), 0x80fffffc);
    cr_assert_eq(in(0xcfc, 4), 0xffffffff); /* bus 255 */
    out(0xcf8, 4, 0x80000000 | 3 << 11);
    cr_assert_eq(in(0xcfc, 4), 0x10411af4);
    cr_assert_eq(in(0xcfc, 2), 0x1af4);
    cr_assert_eq(in(0xcfe, 2), 0x1041);
    cr_assert_eq(in(0xcff, 1), 0x10);
    cr_assert_eq(in(0xcfd, 2), 0x411a);
    cr_assert_eq(in(0xcfe, 4), 0xffffffff); /* beyond the ports */
    cr_assert_eq(in(0xcfb, 2), 0xffff);     /* across two registers */
    out(0xcfb, 2, 0);
    /* Only double words reach the address register. */
    out(0xcf8, 1, 0xff);
    out(0xcf8, 2, 0xffff);
    cr_assert_eq(in(0xcf8, 4), 0x80001800);
    cr_assert_eq(in(0xcf8, 1), 0xff);
    out(0xcf8, 4, 3 << 11); /* not enabled */
    cr_assert_eq(in(0xcfc, 4), 0xffffffff);
    out(0xcfc, 4, 0);
}

Test(pci_host, ecam)
{
    cr_assert_eq(mem_read(ecam(3, 0), 4), 0x10411af4);
    cr_assert_eq(mem_read(ecam(3, 2), 2), 0x1041);
    cr_assert_eq(mem_read(ecam(3, 3), 1), 0x10);
    cr_assert_eq(mem_read(ecam(3, 2), 4), 0xffffffff);
    cr_assert_eq(mem_read(ecam(3, 0), 8), ~0ULL);
    cr_assert_eq(mem_read(ecam(3, 0x100), 4), 0xffffffff);      /* no extended space */
    cr_assert_eq(mem_read(ecam(3, 0) + 0x1000, 4), 0xffffffff); /* function 1 */
    cr_assert_eq(mem_read(ECAM + MIB(256) - 4, 4), 0xffffffff);
    mem_write(ecam(3, PCI_INTERRUPT_LINE), 1, 0x55);
    mem_write(ecam(3, PCI_INTERRUPT_LINE), 8, 0);
    mem_write(ecam(3, 0x13c), 1, 0);
    cr_assert_eq(cfg_read(3, PCI_INTERRUPT_LINE, 1), 0x55);
}

Test(pci_host, reset_control)
{
    cr_assert_eq(in(0xcf9, 1), 0);
    out(0xcf9, 1, 0x02);
    cr_assert_eq(in(0xcf9, 1), 2);
    cr_assert_eq(wishes.reset, 0);
    out(0xcf9, 1, 0x06);
    cr_assert_eq(wishes.reset, 1);
    out(0xcf9, 1, 0x0f);
    cr_assert_eq(wishes.reset, 2);
    cr_assert_eq(in(0xcf9, 1), 0x0a);
}

Test(pci_host, masks_and_hooks)
{
    cfg_write(3, 0, 4, 0);
    cr_assert_eq(cfg_read(3, 0, 4), 0x10411af4);
    cr_assert_eq(models[0].config_writes, 1);
    cfg_write(3, 0x50, 4, 0xffff00ff); /* writable byte, clearable byte untouched */
    cr_assert_eq(models[0].hook_offset, 0x50);
    cr_assert_eq(cfg_read(3, 0x50, 2), 0xfff0);
    cfg_write(3, 0x51, 1, 0x05);
    cr_assert_eq(cfg_read(3, 0x51, 1), 0xfa);
    cfg_write(3, 0x51, 1, 0xff);
    cr_assert_eq(cfg_read(3, 0x51, 1), 0xf0);
    cr_assert_eq(cfg_read(3, 0xf0, 4), 0x12345678);
    cfg_write(3, PCI_COMMAND, 2, 0xffff);
    cr_assert_eq(cfg_read(3, PCI_COMMAND, 2), 0x0407);
    cr_assert_eq(cfg_read(3, PCI_STATUS, 2), 0x0010);
    /* The capabilities, in order. */
    cr_assert_eq(cfg_read(3, PCI_CAPABILITIES, 1), 0x40);
    cr_assert_eq(cfg_read(3, 0x40, 2), 0x4c11);
    cr_assert_eq(cfg_read(3, 0x4c, 4), 0xe0009);
}

Test(pci_host, bar_sizes)
{
    static const uint32_t expected[] = {0xffffffc1, 0xfffff000, 0, 0, 0xffffc004, 0xffffffff};

    for (unsigned i = 0; i < 6; i++) {
        cfg_write(3, PCI_BAR0 + 4 * i, 4, 0xffffffff);
        cr_assert_eq(cfg_read(3, PCI_BAR0 + 4 * i, 4), expected[i], "BAR %u", i);
    }
    /* With decoding on that maps nothing. */
    cfg_write(3, PCI_COMMAND, 2, 3);
    cr_assert_eq(mmio.count, 1);
    cr_assert_eq(pio.count, 1);
}

Test(pci_host, bars_appear_and_move)
{
    cfg_write(3, 0x20, 4, 0xc0004000);
    cr_assert_eq(mem_read(0xc0004000, 4), 0xffffffff);
    cfg_write(3, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    cr_assert_eq(mem_read(0xc0004010, 4), 0x10);
    cr_assert_eq(mem_read(0xc0007ff8, 8), 0x1100000000003ff8);
    cr_assert_eq(mem_read(0xc0007ffc, 8), ~0ULL);
    mem_write(0xc0004444, 4, 1);
    cr_assert_eq(models[0].last_offset, 0x444);
    /* Above 4 GiB. */
    cfg_write(3, 0x24, 4, 0x80);
    cr_assert_eq(mem_read(0xc0004010, 4), 0xffffffff);
    cr_assert_eq(mem_read(0x80c0004010, 4), 0x10);
    cfg_write(3, 0x24, 4, 0xffffffff);
    cfg_write(3, 0x20, 4, 0xffffc000); /* up to the very end: that is what sizing writes */
    cr_assert_eq(mem_read(~0ULL, 1), 0xff);
    cr_assert_eq(mmio.count, 1);
    /* Ports. */
    cfg_write(3, 0x10, 4, 0xc100);
    cr_assert_eq(in(0xc104, 1), 0xff);
    cfg_write(3, PCI_COMMAND, 2, PCI_COMMAND_IO);
    cr_assert_eq(in(0xc104, 1), 0x44);
    cfg_write(3, 0x10, 4, 0x1c100); /* there are only 64 Ki ports */
    cr_assert_eq(in(0xc104, 1), 0xff);
    cfg_write(3, 0x10, 4, 0xc100);
    cfg_write(3, PCI_COMMAND, 2, 0);
    cr_assert_eq(in(0xc104, 1), 0xff);
}

Test(pci_host, two_bars_at_one_place)
{
    for (unsigned slot = 3; slot <= 4; slot++) {
        cfg_write(slot, 0x20, 4, 0xd0000000);
        cfg_write(slot, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    }
    cr_assert_eq(mem_read(0xd0000000, 4), 0); /* the first has it */
    cfg_write(3, 0x20, 4, 0xd1000000);
    cr_assert_eq(mem_read(0xd0000000, 4), 0x100000);
    cr_assert_eq(mem_read(0xd1000000, 4), 0);
    /* Over what is not PCI: nothing happens to that. */
    cfg_write(3, 0x20, 4, ECAM);
    cr_assert_eq(mem_read(ECAM, 4), 0x29c08086);
    cfg_write(3, 0x20, 4, 0xd2000000);
    cr_assert_eq(mem_read(0xd2000000, 4), 0);
    /* One device's BARs may change places. */
    cfg_write(3, 0x14, 4, 0xd3000000);
    cfg_write(3, PCI_COMMAND, 2, 0);
    cfg_write(3, 0x14, 4, 0xd2000000);
    cfg_write(3, 0x20, 4, 0xd3000000);
    cfg_write(3, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    cr_assert_eq(mem_read(0xd3000004, 4), 4);
    cr_assert_eq(mem_read(0xd2000000, 4), 0);
}

Test(pci_host, firmware_assigns)
{
    struct vpci_host_config *config = &host->config;

    vpci_host_assign(host);
    cr_assert_eq(cfg_read(3, 0x14, 4), WINDOW);
    cr_assert_eq(cfg_read(3, 0x20, 4), (WINDOW + 0x4000) | 4);
    cr_assert_eq(cfg_read(4, 0x14, 4), WINDOW + 0x8000);
    cr_assert_eq(cfg_read(3, 0x10, 4), 0xc001);
    cr_assert_eq(cfg_read(4, 0x10, 4), 0xc041);
    cr_assert_eq(cfg_read(4, PCI_COMMAND, 2), 3);
    cr_assert_eq(cfg_read(0, PCI_COMMAND, 2), 0);
    cr_assert_eq(in(0xc042, 1), 0x42);
    cr_assert_eq(mem_read(WINDOW + 0x4000 + 8, 4), 8);
    /* A window that is too small leaves the rest without address. */
    config->window_end = WINDOW + 0x2000;
    vpci_host_assign(host);
    cr_assert_eq(cfg_read(3, 0x14, 4), WINDOW);
    cr_assert_eq(cfg_read(3, 0x20, 4), 4);
}

Test(pci_host, pins)
{
    struct vpci_device *a = &models[0].pci, *b = &models[1].pci;

    vpci_intx_set(a, true);
    cr_assert(chip.level[16 + 3]); /* slot 3, INTA */
    cr_assert_eq(cfg_read(3, PCI_STATUS, 2), 0x0018);
    vpci_intx_set(b, true);
    cr_assert(chip.level[16 + 4]);
    cfg_write(3, PCI_COMMAND, 2, PCI_COMMAND_INTX_DISABLE);
    cr_assert(!chip.level[16 + 3]);
    cr_assert_eq(cfg_read(3, PCI_STATUS, 2), 0x0018);
    cfg_write(3, PCI_COMMAND, 2, 0);
    cr_assert(chip.level[16 + 3]);
    vpci_intx_set(a, false);
    vpci_intx_set(a, false);
    cr_assert(!chip.level[16 + 3]);
    /* Two on one line. */
    model_add(2, 11);
    vpci_intx_set(&models[2].pci, true);
    vpci_intx_set(a, true);
    vpci_intx_set(&models[2].pci, false);
    cr_assert(chip.level[16 + 3]);
    vpci_device_fini(a);
    cr_assert(!chip.level[16 + 3]);
    vpci_intx_set(&host->lpc, true); /* has no pin */
    for (unsigned i = 0; i < 4; i++)
        cr_assert_eq(vpci_intx_line(host, 30, i), (30 + i) % 8);
}

#define TABLE 0xe0000000ULL

static void msix_enable(unsigned slot, uint16_t control)
{
    cfg_write(slot, 0x14, 4, TABLE + slot * 0x1000);
    cfg_write(slot, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    cfg_write(slot, 0x42, 2, control);
}

Test(pci_host, msix_messages)
{
    struct vpci_device *d = &models[0].pci;
    uint64_t entry = TABLE + 0x3000 + 16;

    vpci_msix_send(d, 1);
    cr_assert(!vpci_msix_enabled(d));
    msix_enable(3, 0x8000);
    cr_assert(vpci_msix_enabled(d));
    cr_assert(!vpci_msix_enabled(&host->lpc));
    cr_assert_eq(cfg_read(3, 0x42, 2), 0x8002);
    cr_assert_eq(cfg_read(3, 0x44, 4), 1);
    cr_assert_eq(cfg_read(3, 0x48, 4), 0x801);
    mem_write(entry, 8, 0xfee01000);
    mem_write(entry + 8, 4, 0x4041);
    cr_assert_eq(mem_read(entry, 8), 0xfee01000);
    cr_assert_eq(mem_read(entry + 8, 8), 0x100004041);
    vpci_msix_send(d, 1); /* masked after reset: pending */
    vpci_msix_send(d, 1);
    cr_assert_eq(chip.messages, 0);
    cr_assert_eq(mem_read(TABLE + 0x3800, 4), 2);
    mem_write(entry + 12, 4, 0xfffffffe);
    cr_assert_eq(chip.messages, 1);
    cr_assert_eq(chip.last_address, 0xfee01000);
    cr_assert_eq(chip.last_data, 0x4041);
    cr_assert_eq(mem_read(TABLE + 0x3800, 8), 0);
    cr_assert_eq(mem_read(entry + 12, 4), 0);
    vpci_msix_send(d, 1);
    cr_assert_eq(chip.messages, 2);
    /* The function's mask. */
    cfg_write(3, 0x42, 2, 0xc000);
    vpci_msix_send(d, 1);
    cr_assert_eq(chip.messages, 2);
    cfg_write(3, 0x42, 2, 0x8000);
    cr_assert_eq(chip.messages, 3);
    vpci_msix_send(d, 3); /* no such vector */
    vpci_msix_send(d, ~0U);
    cr_assert_eq(chip.messages, 3);
}

Test(pci_host, msix_accesses)
{
    uint64_t table = TABLE + 0x3000;

    msix_enable(3, 0x8000);
    cr_assert_eq(mem_read(table, 1), 0xff);
    cr_assert_eq(mem_read(table + 2, 4), 0xffffffff);
    cr_assert_eq(mem_read(table + 4, 8), ~0ULL);
    mem_write(table, 2, 0x1234);
    mem_write(table + 1, 4, 0x1234);
    cr_assert_eq(mem_read(table, 8), 0);
    mem_write(table + 48, 4, 1); /* behind the last vector */
    cr_assert_eq(mem_read(table + 48, 4), 0);
    mem_write(table + 0x800, 8, ~0ULL);
    cr_assert_eq(mem_read(table + 0x800, 8), 0);
}

Test(pci_host, building_checks_its_input)
{
    struct vpci_device d;
    struct vpci_ids ids = {.vendor = 1};

    vpci_device_init(&d, host, PCI_DEVFN(3), &ids, NULL);
    cr_assert_eq(vpci_bar_add(&d, 6, PCI_BAR_IO, "x", 16, io_read, memory_write, &d), -EINVAL);
    cr_assert_eq(vpci_bar_add(&d, 5, PCI_BAR_MEMORY64, "x", 16, io_read, memory_write, &d), -EINVAL);
    cr_assert_eq(vpci_bar_add(&d, 0, PCI_BAR_MEMORY32, "x", 24, io_read, memory_write, &d), -EINVAL);
    cr_assert_eq(vpci_bar_add(&d, 0, PCI_BAR_MEMORY32, "x", 0, io_read, memory_write, &d), -EINVAL);
    cr_assert_eq(vpci_bar_add(&d, 0, PCI_BAR_MEMORY32, "x", GIB(4), io_read, memory_write, &d), -EINVAL);
    cr_assert_eq(vpci_bar_add(&d, 0, PCI_BAR_IO, "x", 512, io_read, memory_write, &d), -EINVAL);
    cr_assert_eq(vpci_bar_add(&d, 0, PCI_BAR_MEMORY32, "x", 16, io_read, memory_write, &d), 0);
    cr_assert_eq(vpci_bar_add(&d, 0, PCI_BAR_MEMORY32, "x", 16, io_read, memory_write, &d), -EINVAL);
    cr_assert_eq(vpci_msix_add(&d, 1, 0), -EINVAL);
    cr_assert_eq(vpci_msix_add(&d, 1, 2049), -EINVAL);
    cr_assert_eq(vpci_msix_add(&d, 0, 1), -EINVAL);
    vpci_device_fini(&d);
    vpci_device_fini(&d);
    vpci_device_init(&d, host, PCI_DEVFN(3), &ids, NULL);
    cr_assert_eq(vpci_msix_add(&d, 1, 2048), 0);
    cr_assert_eq(vpci_msix_add(&d, 2, 1), -EINVAL);
    cr_assert_eq(vpci_capability_add(&d, 9, 0xb4), 0x4c);
    cr_assert_eq(vpci_capability_add(&d, 9, 1), -ENOSPC);
    cr_assert_eq(vpci_device_add(&d), -EEXIST);
    vpci_device_fini(&d);
    cr_assert_eq(cfg_read(3, 0, 4), 0x10411af4);
}

Test(pci_host, a_place_that_is_taken)
{
    struct vpci_host_config config = host->config;
    struct vpci_host *second;
    struct bus other = {0};

    cr_assert_eq(vpci_host_create(&config, &second), -EEXIST);
    config.pio = &other;
    cr_assert_eq(vpci_host_create(&config, &second), -EEXIST);
    cr_assert_eq(other.count, 0);
    bus_fini(&other);
}

Test(pci_host, reset_and_state)
{
    struct vpci_device *d = &models[0].pci;
    struct state_writer w, h;
    struct state_reader r;

    msix_enable(3, 0x8000);
    mem_write(TABLE + 0x3000, 8, 0xfee00000);
    mem_write(TABLE + 0x3008, 8, 0x41);
    vpci_msix_send(d, 2); /* pending */
    vpci_intx_set(d, true);
    cfg_write(3, PCI_INTERRUPT_LINE, 1, 11);
    cfg_write(31, 0x60, 1, 0x0b);
    state_writer_init(&w);
    vpci_device_save(d, &w);
    device_save(&host->device, &h);
    vpci_device_reset(d);
    host->device.ops->reset(&host->device);
    cr_assert(!chip.level[19]);
    cr_assert_eq(mem_read(TABLE + 0x3000, 8), ~0ULL);
    cr_assert_eq(cfg_read(3, PCI_COMMAND, 4), 0x00100000);
    cr_assert_eq(cfg_read(31, 0x60, 1), 0x80);
    cr_assert_eq(device_load(&host->device, &h), 0);
    cr_assert_eq(cfg_read(31, 0x60, 1), 0x0b);
    state_reader_init(&r, w.bytes, w.size);
    cr_assert_eq(vpci_device_load(d, &r), 0);
    cr_assert_eq(r.at, w.size);
    cr_assert(chip.level[19]);
    cr_assert_eq(mem_read(TABLE + 0x3000, 8), 0xfee00000);
    cr_assert_eq(mem_read(TABLE + 0x3800, 4), 4);
    cr_assert_eq(cfg_read(3, PCI_INTERRUPT_LINE, 1), 11);
    vpci_msix_send(d, 0);
    cr_assert_eq(chip.last_data, 0x41);
    for (size_t i = 0; i < h.size; i++)
        cr_assert_eq(device_load_part(&host->device, &h, i), -EINVAL);
    /* What cannot be written cannot be loaded. */
    memset(w.bytes, 0xff, w.size);
    state_reader_init(&r, w.bytes, w.size);
    cr_assert_eq(vpci_device_load(d, &r), 0);
    cr_assert_eq(cfg_read(3, 0, 4), 0x10411af4);
    state_writer_fini(&w);
    state_writer_fini(&h);
}

/* --- vCPUs move BARs while others use them, and a device interrupts --- */

static void *hammer(void *arg)
{
    uint64_t seed = (uintptr_t)arg;

    for (unsigned i = 0; i < 20000; i++) {
        unsigned slot = 3 + random_next(&seed) % 2;
        uint32_t what = random_next(&seed) % 8;

        switch (what) {
        case 0: /* its memory */
            mem_write(ecam(slot, 0x20), 4, 0xd0000000 + (random_next(&seed) % 4) * 0x4000);
            break;
        case 1:
            mem_write(ecam(slot, PCI_COMMAND), 2, random_next(&seed));
            break;
        case 2:
            mem_write(ecam(slot, 0x42), 2, random_next(&seed));
            break;
        case 3:
            mem_write(ecam(slot, 0x14), 4, TABLE + (random_next(&seed) % 4) * 0x1000);
            break;
        case 4:
            random_accesses(&mmio, TABLE, 0x4000, 8, seed);
            break;
        case 5:
            random_accesses(&mmio, ecam(slot, 0), 0x100, 4, seed);
            break;
        default:
            random_accesses(&mmio, 0xd0000000, 0x10000, 16, seed);
        }
    }
    return NULL;
}

static void *interrupter(void *arg)
{
    for (unsigned i = 0; i < 40000; i++) {
        vpci_intx_set(&models[i & 1].pci, i & 2);
        vpci_msix_send(&models[i & 1].pci, i % 4);
    }
    return NULL;
}

Test(pci_host, torture, .timeout = 120)
{
    pthread_t threads[4];

    for (uintptr_t i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
    cr_assert_eq(pthread_create(&threads[3], NULL, interrupter, NULL), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (unsigned slot = 3; slot <= 4; slot++) {
        cfg_write(slot, PCI_COMMAND, 2, 0);
        vpci_intx_set(&models[slot - 3].pci, false);
        cr_assert(!chip.level[16 + slot]);
    }
    cr_assert_eq(mmio.count, 1);
    cr_assert_eq(host->conflicts, 0);
}

/* Every message arrives, or is pending, while a vCPU masks and unmasks. */
static void *masker(void *arg)
{
    for (unsigned i = 0; i < 20000; i++)
        mem_write(TABLE + 0x300c, 4, i & 1);
    mem_write(TABLE + 0x300c, 4, 0);
    return NULL;
}

Test(pci_host, no_message_is_lost, .timeout = 60)
{
    pthread_t thread;

    msix_enable(3, 0x8000);
    mem_write(TABLE + 0x3008, 8, 0);
    cr_assert_eq(pthread_create(&thread, NULL, masker, NULL), 0);
    for (uint32_t i = 1; i <= 5000; i++) {
        unsigned before = chip.messages;

        vpci_msix_send(&models[0].pci, 0);
        while (chip.messages == before)
            sched_yield();
    }
    pthread_join(thread, NULL);
    cr_assert_eq(chip.messages, 5000);
}
