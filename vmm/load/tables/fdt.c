/* SPDX-License-Identifier: BSD-2-Clause */
#include "../arm64.h"
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

/*
 * The guest's device tree: Devicetree Specification 0.4; the kernel tree's bindings for arm,gic-v3, arm,gic,
 * arm,psci, arm,armv8-timer, arm,pl011, arm,pl031, pci-host-ecam-generic, and pci-msi (msi-map).
 */
#define PHANDLE_GIC   1
#define PHANDLE_MSI   2
#define PHANDLE_CLOCK 3

#define GIC_SPI    0
#define GIC_PPI    1
#define LEVEL_HIGH 4

#define PCI_IO       0x01000000U
#define PCI_MEMORY   0x02000000U
#define PCI_MEMORY64 0x43000000U /* prefetchable */
#define PCI_PINS     4

/* A tree being written. After an error nothing more is; the error stays. */
struct tree {
    void *fdt;
    int error;
};

#define TREE(t, call)            \
    do {                         \
        if ((t)->error == 0)     \
            (t)->error = (call); \
    } while (0)

static void node_begin(struct tree *t, const char *name, uint64_t unit)
{
    char full[40];

    if (unit == ~0ULL)
        snprintf(full, sizeof(full), "%s", name);
    else
        snprintf(full, sizeof(full), "%s@%llx", name, (unsigned long long)unit);
    TREE(t, fdt_begin_node(t->fdt, full));
}

static void node_end(struct tree *t)
{
    TREE(t, fdt_end_node(t->fdt));
}

static void put_text(struct tree *t, const char *name, const char *text)
{
    TREE(t, fdt_property_string(t->fdt, name, text));
}

static void put_bytes(struct tree *t, const char *name, const void *bytes, size_t size)
{
    TREE(t, fdt_property(t->fdt, name, bytes, (int)size));
}

static void put_cell(struct tree *t, const char *name, uint32_t value)
{
    TREE(t, fdt_property_u32(t->fdt, name, value));
}

static void put_mark(struct tree *t, const char *name)
{
    TREE(t, fdt_property(t->fdt, name, "", 0));
}

static void put_cells(struct tree *t, const char *name, const uint32_t *cells, unsigned count)
{
    fdt32_t *at = NULL;

    TREE(t, fdt_property_placeholder(t->fdt, name, (int)(count * sizeof(*cells)), (void **)&at));
    for (unsigned i = 0; t->error == 0 && i < count; i++)
        at[i] = cpu_to_fdt32(cells[i]);
}

/* Pairs of address and size, or single numbers, of two cells each. */
static void put_wide(struct tree *t, const char *name, const uint64_t *numbers, unsigned count)
{
    fdt64_t *at = NULL;

    TREE(t, fdt_property_placeholder(t->fdt, name, (int)(count * sizeof(*numbers)), (void **)&at));
    for (unsigned i = 0; t->error == 0 && i < count; i++)
        fdt64_st(&at[i], numbers[i]);
}

static void put_reg(struct tree *t, uint64_t base, uint64_t size)
{
    put_wide(t, "reg", (const uint64_t[]){base, size}, 2);
}

static void put_spi(struct tree *t, unsigned spi)
{
    put_cells(t, "interrupts", (const uint32_t[]){GIC_SPI, spi, LEVEL_HIGH}, 3);
}

/* --- nodes --- */

static void chosen(struct tree *t, const struct fdt_machine *m)
{
    char path[40];

    node_begin(t, "chosen", ~0ULL);
    if (m->cmdline != NULL)
        put_text(t, "bootargs", m->cmdline);
    if (m->uart_base != 0) {
        snprintf(path, sizeof(path), "/pl011@%llx", (unsigned long long)m->uart_base);
        put_text(t, "stdout-path", path);
    }
    if (m->initrd_size != 0) {
        put_wide(t, "linux,initrd-start", &m->initrd_base, 1);
        put_wide(t, "linux,initrd-end", (const uint64_t[]){m->initrd_base + m->initrd_size}, 1);
    }
    if (m->seed != NULL) {
        put_bytes(t, "rng-seed", m->seed, FDT_SEED_SIZE - 8);
        put_bytes(t, "kaslr-seed", m->seed + FDT_SEED_SIZE - 8, 8);
    }
    node_end(t);
}

static void memory(struct tree *t, const struct fdt_machine *m)
{
    const uint64_t reg[] = {m->ram_base, m->ram_size, m->high_base, m->high_size};

    node_begin(t, "memory", m->ram_base);
    put_text(t, "device_type", "memory");
    put_wide(t, "reg", reg, m->high_size ? 4 : 2);
    node_end(t);
}

/* reg is MPIDR_EL1's affinity fields, Aff3 in the first cell. */
static void cpus(struct tree *t, const struct fdt_machine *m)
{
    node_begin(t, "cpus", ~0ULL);
    put_cell(t, "#address-cells", 2);
    put_cell(t, "#size-cells", 0);
    for (unsigned i = 0; i < m->vcpu_count; i++) {
        uint32_t affinity = m->affinity(i);
        uint64_t reg = (uint64_t)(affinity >> 24) << 32 | (affinity & 0xffffff);

        node_begin(t, "cpu", reg);
        put_text(t, "device_type", "cpu");
        put_text(t, "compatible", "arm,armv8");
        put_wide(t, "reg", &reg, 1);
        put_text(t, "enable-method", "psci");
        node_end(t);
    }
    node_end(t);
}

static void firmware(struct tree *t)
{
    static const char compatible[] = "arm,psci-1.0\0arm,psci-0.2";

    node_begin(t, "psci", ~0ULL);
    put_bytes(t, "compatible", compatible, sizeof(compatible));
    put_text(t, "method", "hvc");
    node_end(t);
}

/* Secure and non-secure physical, virtual, hypervisor's: the PPIs that every arm64 machine has. */
static void timer(struct tree *t)
{
    static const uint32_t interrupts[] = {GIC_PPI, 13, LEVEL_HIGH, GIC_PPI, 14, LEVEL_HIGH,
                                          GIC_PPI, 11, LEVEL_HIGH, GIC_PPI, 10, LEVEL_HIGH};

    node_begin(t, "timer", ~0ULL);
    put_text(t, "compatible", "arm,armv8-timer");
    put_cells(t, "interrupts", interrupts, ARRAY_SIZE(interrupts));
    put_mark(t, "always-on");
    node_end(t);
}

static void its(struct tree *t, const struct fdt_machine *m)
{
    node_begin(t, "its", m->gic_its_base);
    put_text(t, "compatible", "arm,gic-v3-its");
    put_mark(t, "msi-controller");
    put_cell(t, "#msi-cells", 1);
    put_reg(t, m->gic_its_base, 0x20000);
    put_cell(t, "phandle", PHANDLE_MSI);
    node_end(t);
}

/* Which SPIs are its own, its register says. */
static void frame(struct tree *t, const struct fdt_machine *m)
{
    node_begin(t, "v2m", m->gic_frame_base);
    put_text(t, "compatible", "arm,gic-v2m-frame");
    put_mark(t, "msi-controller");
    put_reg(t, m->gic_frame_base, 0x1000);
    put_cell(t, "phandle", PHANDLE_MSI);
    node_end(t);
}

static void gicv2(struct tree *t, const struct fdt_machine *m)
{
    put_text(t, "compatible", "arm,cortex-a15-gic");
    put_wide(t, "reg", (const uint64_t[]){m->gic_dist_base, 0x10000, m->gic_cpu_base, 0x10000}, 4);
    if (m->gic_frame_base != 0)
        frame(t, m);
}

static void gicv3(struct tree *t, const struct fdt_machine *m)
{
    uint64_t reg[6] = {m->gic_dist_base, 0x10000};
    unsigned parts = 0;

    for (; parts < ARRAY_SIZE(m->gic_redist) && m->gic_redist[parts].size != 0; parts++) {
        reg[2 + parts * 2] = m->gic_redist[parts].base;
        reg[3 + parts * 2] = m->gic_redist[parts].size;
    }
    put_text(t, "compatible", "arm,gic-v3");
    put_cell(t, "#redistributor-regions", parts);
    put_wide(t, "reg", reg, 2 + parts * 2);
    if (m->gic_its_base != 0)
        its(t, m);
}

static void gic(struct tree *t, const struct fdt_machine *m)
{
    node_begin(t, "intc", m->gic_dist_base);
    put_mark(t, "interrupt-controller");
    put_cell(t, "#interrupt-cells", 3);
    put_cell(t, "#address-cells", 2);
    put_cell(t, "#size-cells", 2);
    put_mark(t, "ranges");
    put_cell(t, "phandle", PHANDLE_GIC);
    /* Their own properties, then their children. */
    if (m->gic_cpu_base != 0)
        gicv2(t, m);
    else
        gicv3(t, m);
    node_end(t);
}

/* PrimeCells want to know the clock of their bus. */
static void primecells(struct tree *t, const struct fdt_machine *m)
{
    static const char uart_compatible[] = "arm,pl011\0arm,primecell",
                      rtc_compatible[] = "arm,pl031\0arm,primecell";
    static const char uart_clocks[] = "uartclk\0apb_pclk";

    node_begin(t, "apb-pclk", ~0ULL);
    put_text(t, "compatible", "fixed-clock");
    put_cell(t, "#clock-cells", 0);
    put_cell(t, "clock-frequency", 24000000);
    put_text(t, "clock-output-names", "clk24mhz");
    put_cell(t, "phandle", PHANDLE_CLOCK);
    node_end(t);
    if (m->uart_base != 0) {
        node_begin(t, "pl011", m->uart_base);
        put_bytes(t, "compatible", uart_compatible, sizeof(uart_compatible));
        put_reg(t, m->uart_base, PAGE_SIZE);
        put_spi(t, m->uart_spi);
        put_cells(t, "clocks", (const uint32_t[]){PHANDLE_CLOCK, PHANDLE_CLOCK}, 2);
        put_bytes(t, "clock-names", uart_clocks, sizeof(uart_clocks));
        node_end(t);
    }
    if (m->rtc_base != 0) {
        node_begin(t, "pl031", m->rtc_base);
        put_bytes(t, "compatible", rtc_compatible, sizeof(rtc_compatible));
        put_reg(t, m->rtc_base, PAGE_SIZE);
        put_spi(t, m->rtc_spi);
        put_cell(t, "clocks", PHANDLE_CLOCK);
        put_text(t, "clock-names", "apb_pclk");
        node_end(t);
    }
}

/* --- PCI: IEEE 1275 PCI bus binding, 2.2.1.1 (addresses), 12 (interrupt-map) --- */

/* Of four slots and four pins; a slot's number modulo 4 is all that counts. */
static void interrupt_map(struct tree *t, const struct fdt_machine *m)
{
    uint32_t map[PCI_PINS * PCI_PINS][10], (*entry)[10] = map;

    for (unsigned slot = 0; slot < PCI_PINS; slot++)
        for (unsigned pin = 0; pin < PCI_PINS; pin++, entry++) {
            const uint32_t cells[10] = {slot << 11, 0,           0,
                                        pin + 1,    PHANDLE_GIC, 0,
                                        0,          GIC_SPI,     m->pci.intx_spi + (slot + pin) % PCI_PINS,
                                        LEVEL_HIGH};

            memcpy(*entry, cells, sizeof(cells));
        }
    put_cells(t, "interrupt-map", map[0], sizeof(map) / sizeof(map[0][0]));
    put_cells(t, "interrupt-map-mask", (const uint32_t[]){3 << 11, 0, 0, 7}, 4);
}

struct ranges {
    uint32_t cells[3 * 7];
    unsigned count;
};

static void range_add(struct ranges *r, uint32_t space, uint64_t bus, uint64_t base, uint64_t size)
{
    const uint32_t cells[7] = {space,          (uint32_t)(bus >> 32),  (uint32_t)bus, (uint32_t)(base >> 32),
                               (uint32_t)base, (uint32_t)(size >> 32), (uint32_t)size};

    if (size == 0)
        return;
    memcpy(r->cells + r->count, cells, sizeof(cells));
    r->count += ARRAY_SIZE(cells);
}

static void pci(struct tree *t, const struct fdt_machine *m)
{
    struct ranges r = {.count = 0};

    range_add(&r, PCI_IO, 0, m->pci.io_base, m->pci.io_size);
    range_add(&r, PCI_MEMORY, m->pci.window_base, m->pci.window_base, m->pci.window_size);
    range_add(&r, PCI_MEMORY64, m->pci.window64_base, m->pci.window64_base, m->pci.window64_size);
    node_begin(t, "pcie", m->pci.ecam_base);
    put_text(t, "compatible", "pci-host-ecam-generic");
    put_text(t, "device_type", "pci");
    put_cell(t, "#address-cells", 3);
    put_cell(t, "#size-cells", 2);
    put_cell(t, "#interrupt-cells", 1);
    put_cell(t, "linux,pci-domain", 0);
    put_cells(t, "bus-range", (const uint32_t[]){0, (uint32_t)(m->pci.ecam_size >> 20) - 1}, 2);
    put_reg(t, m->pci.ecam_base, m->pci.ecam_size);
    put_cells(t, "ranges", r.cells, r.count);
    put_mark(t, "dma-coherent");
    interrupt_map(t, m);
    if (m->gic_its_base != 0 || m->gic_frame_base != 0) /* a requester id is a DeviceID */
        put_cells(t, "msi-map", (const uint32_t[]){0, PHANDLE_MSI, 0, 0x10000}, 4);
    node_end(t);
}

/* --- all --- */

size_t guest_fdt_room(const struct fdt_machine *machine)
{
    return 8192 + machine->vcpu_count * 160ULL + (machine->cmdline != NULL ? strlen(machine->cmdline) : 0);
}

int guest_fdt_build(const struct fdt_machine *machine, void *buffer, size_t room)
{
    struct tree t = {buffer, 0};

    TREE(&t, fdt_create(buffer, (int)MIN(room, MIB(16))));
    TREE(&t, fdt_finish_reservemap(buffer));
    node_begin(&t, "", ~0ULL);
    put_text(&t, "compatible", "linux,dummy-virt");
    put_text(&t, "model", "linux,dummy-virt");
    put_cell(&t, "#address-cells", 2);
    put_cell(&t, "#size-cells", 2);
    put_cell(&t, "interrupt-parent", PHANDLE_GIC);
    put_mark(&t, "dma-coherent");
    chosen(&t, machine);
    memory(&t, machine);
    cpus(&t, machine);
    firmware(&t);
    timer(&t);
    gic(&t, machine);
    primecells(&t, machine);
    if (machine->pci.ecam_base != 0)
        pci(&t, machine);
    node_end(&t);
    TREE(&t, fdt_finish(buffer));
    return t.error == 0 ? (int)fdt_totalsize(buffer) : -ENOSPC;
}
