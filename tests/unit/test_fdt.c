/* SPDX-License-Identifier: BSD-2-Clause */
/* Device trees that are made here, as far as possible as QEMU's virt makes its own. */
#include "../../platform/firmware/fdt_walk.h"
#include "fake_phys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libfdt.h>
#include <stdio.h>

const char builtin_cmdline[] = "";

#define TREE_AT 0x40000000

static uint8_t tree[65536];
static struct fake_phys phys;
static struct host_info info;
static struct arena arena;
static uint8_t buffer[1 << 17];

static void cells(const char *name, unsigned int n, const uint32_t *values)
{
    fdt32_t big[64];

    for (unsigned int i = 0; i < n; i++)
        big[i] = cpu_to_fdt32(values[i]);
    cr_assert_eq(fdt_property(tree, name, big, (int)(n * sizeof(big[0]))), 0);
}
#define CELLS(name, ...)                                                          \
    do {                                                                          \
        const uint32_t values_[] = {__VA_ARGS__};                                 \
        cells(name, (unsigned int)(sizeof(values_) / sizeof(uint32_t)), values_); \
    } while (0)
#define NODE(name)        cr_assert_eq(fdt_begin_node(tree, name), 0)
#define END()             cr_assert_eq(fdt_end_node(tree), 0)
#define TEXT(name, value) cr_assert_eq(fdt_property_string(tree, name, value), 0)

static void tree_begin(void)
{
    fake_phys_init(&phys);
    arena_init(&arena, buffer, sizeof(buffer));
    cr_assert_eq(fdt_create(tree, sizeof(tree)), 0);
    cr_assert_eq(fdt_add_reservemap_entry(tree, 0x41000000, 0x3000), 0);
    cr_assert_eq(fdt_finish_reservemap(tree), 0);
    NODE("");
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 2);
    CELLS("interrupt-parent", 1);
    NODE("memory@40000000");
    TEXT("device_type", "memory");
    CELLS("reg", 0, 0x40000000, 0, 0x10000000);
    END();
}

static int tree_end(void)
{
    struct boot_handover handover = {
        .kind = BOOT_KIND_FDT, .info = hpa(TREE_AT), .image = hpa(0x40200000), .image_size = 0x100000};

    END();
    cr_assert_eq(fdt_finish(tree), 0);
    fake_phys_add(&phys, TREE_AT, tree, fdt_totalsize(tree));
    return host_info_build(&handover, &phys.reader, &arena, &info);
}

static void gic(void)
{
    NODE("intc@8000000");
    TEXT("compatible", "arm,gic-v3");
    CELLS("phandle", 1);
    CELLS("#interrupt-cells", 3);
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 2);
    CELLS("interrupts", 1, 9, 4);
    CELLS("#redistributor-regions", 2);
    CELLS("reg", 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000, 0x40, 0, 0, 0x4000000);
    cr_assert_eq(fdt_property(tree, "ranges", "", 0), 0);
    NODE("its@8080000");
    TEXT("compatible", "arm,gic-v3-its");
    CELLS("phandle", 7);
    CELLS("reg", 0, 0x8080000, 0, 0x20000);
    END();
    END();
}

static void pci(void)
{
    NODE("pcie@10000000");
    TEXT("compatible", "pci-host-ecam-generic");
    CELLS("#address-cells", 3);
    CELLS("#size-cells", 2);
    CELLS("#interrupt-cells", 1);
    CELLS("linux,pci-domain", 0);
    CELLS("bus-range", 0, 15);
    CELLS("reg", 0x40, 0x10000000, 0, 0x1000000);
    CELLS("ranges", 0x1000000, 0, 0, 0, 0x3eff0000, 0, 0x10000, 0x2000000, 0, 0x10000000, 0, 0x10000000, 0,
          0x2eff0000, 0x3000000, 0x80, 0, 0x80, 0, 0x80, 0, 0x42000000, 0, 0, 0, 0x50000000, 0, 0x1000);
    CELLS("msi-map", 0, 7, 0x100, 0x10000);
    CELLS("interrupt-map-mask", 0x1800, 0, 0, 7);
    CELLS("interrupt-map", 0, 0, 0, 1, 1, 0, 0, 0, 3, 4, 0x800, 0, 0, 2, 1, 0, 0, 0, 4, 1);
    END();
}

Test(fdt, memory_and_what_is_not_free)
{
    tree_begin();
    NODE("reserved-memory");
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 2);
    cr_assert_eq(fdt_property(tree, "ranges", "", 0), 0);
    NODE("firmware@42000000");
    CELLS("reg", 0, 0x42000000, 0, 0x1000, 0, 0x43000000, 0, 0x1000);
    END();
    END();
    cr_assert_eq(tree_end(), 0);
    cr_assert_eq(info.firmware, HOST_FW_FDT);
    /* Page 0; RAM, image, RAM, header's reservation, RAM, two of reserved-memory with RAM between and after.
     */
    cr_assert_eq(info.memory_count, 10);
    cr_assert_eq(info.memory[2].type, HOST_MEM_IMAGE);
    cr_assert_eq(info.memory[4].base.v, 0x41000000);
    cr_assert_eq(info.memory[4].type, HOST_MEM_RESERVED);
    cr_assert_eq(info.memory[6].base.v, 0x42000000);
    cr_assert_eq(info.memory[8].base.v, 0x43000000);
    fake_phys_free(&phys);
}

Test(fdt, loader_s_words)
{
    static const char file[] = "no archive";

    tree_begin();
    NODE("chosen");
    TEXT("bootargs", "hostname=x loglevel=debug");
    CELLS("linux,initrd-start", 0x44000000);
    CELLS("linux,initrd-end", 0, 0x44000000 + sizeof(file));
    END();
    fake_phys_add(&phys, 0x44000000, file, sizeof(file));
    cr_assert_eq(tree_end(), 0);
    cr_assert_str_eq(info.cmdline, "hostname=x loglevel=debug");
    cr_assert_eq(info.module_count, 1);
    cr_assert_eq(info.modules[0].base.v, 0x44000000);
    cr_assert_eq(info.modules[0].size, sizeof(file));
    fake_phys_free(&phys);
}

Test(fdt, processors_and_power)
{
    tree_begin();
    NODE("cpus");
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 0);
    for (uint32_t i = 0; i < 3; i++) {
        NODE(i == 0 ? "cpu@0" : i == 1 ? "cpu@1" : "cpu@2");
        TEXT("device_type", "cpu");
        CELLS("reg", i << 8);
        if (i == 2)
            TEXT("status", "disabled");
        END();
    }
    END();
    NODE("psci");
    TEXT("compatible", "arm,psci-1.0");
    TEXT("method", "smc");
    END();
    cr_assert_eq(tree_end(), 0);
    cr_assert_eq(info.cpu_count, 2);
    cr_assert_eq(info.cpus[1].hardware_id, 0x100);
    cr_assert(info.cpus[1].enabled);
    cr_assert(info.power.psci && !info.power.psci_hvc);
    cr_assert(!info.power.has_8042 && !info.power.has_cmos_rtc);
    fake_phys_free(&phys);
}

/* Numbers are the tree's; ours are in their order, from 0. */
Test(fdt, nodes_of_memory_and_processors)
{
    tree_begin();
    NODE("memory@50000000");
    TEXT("device_type", "memory");
    CELLS("reg", 0, 0x50000000, 0, 0x10000000);
    CELLS("numa-node-id", 7);
    END();
    NODE("cpus");
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 0);
    for (uint32_t i = 0; i < 2; i++) {
        NODE(i == 0 ? "cpu@0" : "cpu@1");
        TEXT("device_type", "cpu");
        CELLS("reg", i);
        CELLS("numa-node-id", i == 0 ? 3 : 7);
        END();
    }
    END();
    cr_assert_eq(tree_end(), 0);
    cr_assert_eq(info.node_count, 2);
    cr_assert(info.nodes[0].proximity_domain == 3 && info.nodes[1].proximity_domain == 7);
    cr_assert(info.cpus[0].node == 0 && info.cpus[1].node == 1);
    cr_assert_eq(info.memory[info.memory_count - 1].node, 1);
    cr_assert_eq(info.memory[info.memory_count - 1].size, 0x10000000);
    cr_assert_eq(info.memory[info.memory_count - 2].node, 0, "what is in no node is in the first");
    fake_phys_free(&phys);
}

static void waiting_cpu(uint32_t affinity, const char *method, uint64_t release)
{
    char name[16];

    snprintf(name, sizeof(name), "cpu@%x", affinity);
    NODE(name);
    TEXT("device_type", "cpu");
    CELLS("reg", affinity);
    TEXT("enable-method", method);
    if (release != 0)
        CELLS("cpu-release-addr", (uint32_t)(release >> 32), (uint32_t)release);
}

Test(fdt, processors_at_release_addresses)
{
    static const struct {
        const char *method;
        uint64_t release;
        bool enabled;
    } cpus[] = {
        {"psci", 0, true},
        {"spin-table", 0x41000008, true},
        {"spin-table", 0x41002ff8, true},
        {"spin-table", 0x41002ffc, false},         /* not aligned */
        {"spin-table", 0x41003000, false},         /* free */
        {"spin-table", 0x40200000, false},         /* ours */
        {"spin-table", 0x8, false},                /* never mapped */
        {"spin-table", 0x900000000000, false},     /* nothing there */
        {"spin-table", 0xfffffffffffffff8, false}, /* nor there */
        {"spin-table", 0, false},                  /* not told */
        {"acme,lever", 0, false},
    };
    size_t warnings = 0;

    tree_begin();
    NODE("cpus");
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 0);
    for (uint32_t i = 0; i < ARRAY_SIZE(cpus); i++) {
        waiting_cpu(i, cpus[i].method, cpus[i].release);
        if (i == 1)
            TEXT("status", "disabled"); /* it rests until it is released */
        END();
    }
    END();
    cr_assert_eq(tree_end(), 0);
    cr_assert_eq(info.cpu_count, ARRAY_SIZE(cpus));
    for (size_t i = 0; i < ARRAY_SIZE(cpus); i++) {
        cr_expect_eq(info.cpus[i].enabled, cpus[i].enabled, "CPU %zu", i);
        if (!cpus[i].enabled || i == 0)
            continue;
        cr_expect_eq(info.cpus[i].start, HOST_CPU_START_RELEASE);
        cr_expect_eq(info.cpus[i].release.v, cpus[i].release);
    }
    cr_assert_eq(info.cpus[0].start, HOST_CPU_START_FIRMWARE);
    for (const struct host_warning *w = info.warnings; w; w = w->next)
        warnings++;
    cr_assert_eq(warnings, 8);
    fake_phys_free(&phys);
}

Test(fdt, release_address_of_one_cell)
{
    tree_begin();
    NODE("cpus");
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 0);
    waiting_cpu(1, "spin-table", 0);
    CELLS("cpu-release-addr", 0x41000010);
    END();
    END();
    cr_assert_eq(tree_end(), 0);
    cr_assert(info.cpus[0].enabled && info.cpus[0].release.v == 0x41000010);
    fake_phys_free(&phys);
}

Test(fdt, interrupt_controller_and_timer)
{
    tree_begin();
    NODE("timer"); /* before the controller that it names */
    TEXT("compatible", "arm,armv8-timer");
    CELLS("interrupts", 1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4);
    END();
    gic();
    cr_assert_eq(tree_end(), 0);
    cr_assert_eq(info.gic.version, 3);
    cr_assert_eq(info.gic.distributor.v, 0x8000000);
    cr_assert_eq(info.gic.redistributor_count, 2);
    cr_assert_eq(info.gic.redistributors[1].base.v, 0x4000000000);
    cr_assert_eq(info.gic.maintenance_irq, 25);
    cr_assert_eq(info.gic.its_count, 1);
    cr_assert_eq(info.gic.its[0].base.v, 0x8080000);
    cr_assert_eq(info.timer.el1_physical, 30);
    cr_assert_eq(info.timer.el1_virtual, 27);
    cr_assert_eq(info.timer.el2_physical, 26);
    cr_assert_eq(info.timer.el2_virtual, 0);
    fake_phys_free(&phys);
}

Test(fdt, gicv2_with_message_frames)
{
    tree_begin();
    NODE("intc@8000000");
    TEXT("compatible", "arm,gic-400");
    CELLS("phandle", 1);
    CELLS("#interrupt-cells", 3);
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 2);
    CELLS("interrupts", 1, 9, 4);
    CELLS("reg", 0, 0x8000000, 0, 0x10000, 0, 0x8010000, 0, 0x10000, 0, 0x8030000, 0, 0x10000, 0, 0x8040000,
          0, 0x10000);
    cr_assert_eq(fdt_property(tree, "ranges", "", 0), 0);
    NODE("v2m@8020000");
    TEXT("compatible", "arm,gic-v2m-frame");
    CELLS("reg", 0, 0x8020000, 0, 0x1000);
    END();
    NODE("v2m@8021000");
    TEXT("compatible", "arm,gic-v2m-frame");
    CELLS("reg", 0, 0x8021000, 0, 0x1000);
    CELLS("arm,msi-base-spi", 160);
    CELLS("arm,msi-num-spis", 32);
    END();
    NODE("v2m@none");
    TEXT("compatible", "arm,gic-v2m-frame");
    END();
    END();
    cr_assert_eq(tree_end(), 0);
    cr_assert_eq(info.gic.version, 2);
    cr_assert_eq(info.gic.cpu_interface.v, 0x8010000);
    cr_assert_eq(info.gic.hypervisor_interface.v, 0x8030000);
    cr_assert_eq(info.gic.virtual_cpu_interface.v, 0x8040000);
    cr_assert_eq(info.gic.maintenance_irq, 25);
    cr_assert_eq(info.gic.frame_count, 2);
    cr_assert(info.gic.frames[0].base.v == 0x8020000 && info.gic.frames[0].count == 0);
    cr_assert(info.gic.frames[1].first == 160 && info.gic.frames[1].count == 32);
    fake_phys_free(&phys);
}

Test(fdt, pci_host)
{
    tree_begin();
    pci();
    gic(); /* after the bridge: maps are settled when all was seen */
    cr_assert_eq(tree_end(), 0);
    cr_assert_eq(info.ecam_count, 1);
    cr_assert_eq(info.ecams[0].base.v, 0x4010000000);
    cr_assert_eq(info.ecams[0].last_bus, 15);
    /* Ports are none, and what the bridge moves is left out. */
    cr_assert_eq(info.pci_window_count, 2);
    cr_assert_eq(info.pci_windows[0].base, 0x10000000);
    cr_assert_eq(info.pci_windows[1].base, 0x8000000000);
    cr_assert_eq(info.pci_windows[1].size, 0x8000000000);
    cr_assert_neq(info.warnings, NULL);
    cr_assert_eq(info.pci_route_count, 2);
    cr_assert_eq(info.pci_routes[0].gsi, 35);
    cr_assert(info.pci_routes[0].level_triggered);
    cr_assert_eq(info.pci_routes[1].address, 0x800);
    cr_assert_eq(info.pci_routes[1].mask, 0x1800);
    cr_assert_eq(info.pci_routes[1].pin, 2);
    cr_assert_eq(info.pci_routes[1].gsi, 36);
    cr_assert(!info.pci_routes[1].level_triggered);
    cr_assert_eq(info.msi_map_count, 1);
    cr_assert_eq(info.msi_maps[0].its.v, 0x8080000);
    cr_assert_eq(info.msi_maps[0].device, 0x100);
    fake_phys_free(&phys);
}

Test(fdt, console_behind_a_bus)
{
    tree_begin();
    gic();
    NODE("chosen");
    TEXT("stdout-path", "serial0:115200n8");
    END();
    NODE("aliases");
    TEXT("serial0", "/bus/uart@1000");
    END();
    NODE("bus");
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 1);
    CELLS("ranges", 0, 0, 0x9000000, 0x10000);
    NODE("uart@1000");
    TEXT("compatible", "arm,pl011");
    CELLS("reg", 0x1000, 0x1000);
    CELLS("interrupts", 0, 1, 4);
    END();
    END();
    cr_assert_eq(tree_end(), 0);
    cr_assert_eq(info.console.kind, HOST_CONSOLE_PL011);
    cr_assert_eq(info.console.base.address, 0x9001000);
    cr_assert_eq(info.console.gsi, 33);
    fake_phys_free(&phys);
}

Test(fdt, devices_that_no_bus_finds)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0, 1, 2, 3}, empty[6];

    tree_begin();
    gic();
    NODE("ethernet@ff0e0000");
    TEXT("compatible", "xlnx,zynqmp-gem");
    CELLS("reg", 0, 0xff0e0000, 0, 0x1000);
    CELLS("interrupts", 0, 63, 4);
    cr_assert_eq(fdt_property(tree, "mac-address", empty, 6), 0);
    cr_assert_eq(fdt_property(tree, "local-mac-address", mac, 6), 0);
    END();
    NODE("virtio_mmio@a000000");
    TEXT("compatible", "virtio,mmio");
    CELLS("reg", 0, 0xa000000, 0, 0x200);
    CELLS("interrupts", 0, 16, 1);
    cr_assert_eq(fdt_property(tree, "dma-coherent", "", 0), 0);
    END();
    NODE("ethernet@none");
    TEXT("compatible", "cdns,gem");
    END();
    NODE("ethernet@off");
    TEXT("compatible", "cdns,gem");
    TEXT("status", "disabled");
    CELLS("reg", 0, 0xff0d0000, 0, 0x1000);
    END();
    cr_assert_eq(tree_end(), 0);
    cr_assert_eq(info.device_count, 2);
    cr_assert(info.devices[0].kind == HOST_DEVICE_CADENCE_GEM && info.devices[0].base.v == 0xff0e0000);
    cr_assert(info.devices[0].gsi == 95 && info.devices[0].level_triggered);
    cr_assert(!info.devices[0].is_coherent && info.devices[0].has_mac);
    cr_assert_arr_eq(info.devices[0].mac, mac, 6);
    cr_assert(info.devices[1].kind == HOST_DEVICE_VIRTIO_MMIO && info.devices[1].size == 0x200);
    cr_assert(info.devices[1].gsi == 48 && !info.devices[1].level_triggered);
    cr_assert(info.devices[1].is_coherent && !info.devices[1].has_mac);
    fake_phys_free(&phys);
}

/* What stands where a tree should, when the image has one of its own. */
static int builtin_tree_build(const void *instead, size_t size)
{
    struct boot_handover handover = {.kind = BOOT_KIND_FDT,
                                     .info = hpa(0x100),
                                     .image = hpa(0x40200000),
                                     .image_size = 0x100000,
                                     .builtin_tree = hpa(TREE_AT)};

    END();
    cr_assert_eq(fdt_finish(tree), 0);
    fake_phys_add(&phys, TREE_AT, tree, fdt_totalsize(tree));
    fake_phys_add(&phys, 0x100, instead, size);
    return host_info_build(&handover, &phys.reader, &arena, &info);
}

static uint64_t usable(void)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < info.memory_count; i++)
        if (info.memory[i].type == HOST_MEM_USABLE)
            sum += info.memory[i].size;
    return sum;
}

Test(fdt, the_image_s_own_tree_with_a_list_of_tags)
{
    static const char file[] = "no archive";
    const uint32_t tags[] = {
        5,          0x54410001, 1,          0x1000,       0,    4,          0x54410002, 0x8000000,  0,
        4,          0x54420005, 0x44000000, sizeof(file), 4,    0x54410009, 0x74736f68, 0x656d616e, 6,
        0x54410009, 0x74736f68, 0x656d616e, 0x6f6f663d,   0x79, 0,          0};

    tree_begin();
    gic();
    fake_phys_add(&phys, 0x44000000, file, sizeof(file));
    cr_assert_eq(builtin_tree_build(tags, sizeof(tags)), 0);
    cr_assert_eq(info.gic.version, 3, "the machine is the tree's");
    cr_assert_str_eq(info.cmdline, "hostname=fooy");
    cr_assert_eq(info.module_count, 1);
    /* 128 MiB of the tree's 256, without the image, the module, and the header's reservation. */
    cr_assert_eq(usable(), 0x8000000 - 0x100000 - PAGE_SIZE - 0x3000);
    fake_phys_free(&phys);
}

Test(fdt, the_image_s_own_tree_alone)
{
    const uint32_t nothing[] = {4, 0x54410002, 0x1000, 0, 0, 0};

    tree_begin();
    gic();
    cr_assert_eq(builtin_tree_build(nothing, sizeof(nothing)), 0);
    cr_assert_str_eq(info.cmdline, "");
    cr_assert_eq(usable(), 0x10000000 - 0x100000 - 0x3000, "what does not begin as a list is none");
    fake_phys_free(&phys);
}

Test(fdt, a_tree_that_is_handed_over_wins)
{
    static uint8_t other[4096];

    cr_assert_eq(fdt_create(other, sizeof(other)), 0);
    cr_assert_eq(fdt_finish_reservemap(other), 0);
    cr_assert_eq(fdt_begin_node(other, ""), 0);
    cr_assert_eq(fdt_end_node(other), 0);
    cr_assert_eq(fdt_finish(other), 0);
    tree_begin();
    gic();
    cr_assert_eq(builtin_tree_build(other, sizeof(other)), -EINVAL, "it has no memory");
    fake_phys_free(&phys);
}

Test(fdt, what_is_no_tree_is_refused)
{
    struct boot_handover handover = {.kind = BOOT_KIND_FDT, .info = hpa(TREE_AT)};

    tree_begin();
    END();
    cr_assert_eq(fdt_finish(tree), 0);
    fake_phys_add(&phys, TREE_AT, tree, fdt_totalsize(tree));
    phys.pieces[0].bytes[0x40] ^= 0xff; /* a tag in the middle */
    memset(phys.pieces[0].bytes + fdt_off_dt_struct(tree), 0xff, 8);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
    put_u32(phys.pieces[0].bytes, 0);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
    handover.info = hpa(0x1000);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
    fake_phys_free(&phys);
}
