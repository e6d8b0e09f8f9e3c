/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration space as recorded bytes and as a small model of a machine. */
#include <criterion/criterion.h>
#include <errno.h>
#include <platform/virtio_pci.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <core/host_info.h>
#include <core/log.h>

#include "pci.h"

/* --- the model: functions with config bytes, a mask of writable bits, and BAR sizes -----------------------
 */

#define FUNCTIONS_MAX 32

struct function {
    struct pci_address at;
    uint8_t bytes[256];
    uint32_t bar_mask[6]; /* writable bits */
};

static struct function functions[FUNCTIONS_MAX];
static unsigned function_count;
static bool decode_was_on; /* a BAR was written while the function decoded */
static unsigned accesses;

static struct function *function_find(struct pci_address at)
{
    for (unsigned i = 0; i < function_count; i++)
        if (memcmp(&functions[i].at, &at, sizeof(at)) == 0)
            return &functions[i];
    return NULL;
}

uint32_t pci_config_read(struct pci_address at, unsigned offset, unsigned size)
{
    const struct function *function = function_find(at);
    uint32_t value = 0;

    accesses++;
    cr_assert_eq(offset % size, 0);
    if (!function || offset >= 256)
        return ~0U >> (32 - 8 * size);
    memcpy(&value, &function->bytes[offset], size);
    return value;
}

void pci_config_write(struct pci_address at, unsigned offset, unsigned size, uint32_t value)
{
    struct function *function = function_find(at);
    unsigned bars = !function ? 0 : (function->bytes[PCI_HEADER_TYPE] & 0x7f) == 1 ? 2 : 6;

    accesses++;
    if (!function || offset >= 256)
        return;
    if (offset >= PCI_BAR0 && offset < PCI_BAR0 + 4 * bars) {
        unsigned i = (offset - PCI_BAR0) / 4;
        uint32_t old;

        memcpy(&old, &function->bytes[offset], 4);
        value = (value & function->bar_mask[i]) | (old & ~function->bar_mask[i]);
        if (function->bytes[PCI_COMMAND] & 3)
            decode_was_on = true;
    }
    memcpy(&function->bytes[offset], &value, size);
}

static struct host_info info;

const struct host_info *host_info(void)
{
    return &info;
}

void log_write(enum log_level level, const char *format, ...)
{
}

static void put(struct function *function, unsigned offset, unsigned size, uint32_t value)
{
    memcpy(&function->bytes[offset], &value, size);
}

static struct function *function_new(unsigned bus, unsigned slot, unsigned fn, uint16_t vendor,
                                     uint16_t device)
{
    struct function *function = &functions[function_count++];

    memset(function, 0, sizeof(*function));
    function->at = (struct pci_address){0, (uint8_t)bus, PCI_DEVFN(slot, fn)};
    put(function, PCI_VENDOR_ID, 2, vendor);
    put(function, PCI_DEVICE_ID, 2, device);
    put(function, PCI_COMMAND, 2, 0x103);
    return function;
}

static struct function *bridge_new(unsigned bus, unsigned slot, unsigned secondary, unsigned subordinate)
{
    struct function *function = function_new(bus, slot, 0, 0x1b36, 0x000c);

    put(function, PCI_HEADER_TYPE, 1, 1);
    put(function, PCI_REVISION, 4, 0x06040000);
    put(function, PCI_BRIDGE_SECONDARY, 1, secondary);
    put(function, PCI_BRIDGE_SUBORDINATE, 1, subordinate);
    return function;
}

static void reset(void)
{
    function_count = 0;
    accesses = 0;
    decode_was_on = false;
    memset(&info, 0, sizeof(info));
}

TestSuite(pci, .init = reset);

/* --- recorded: the standard header and capabilities of QEMU's virtio-net-pci on q35 ------------------------
 */

static void virtio_recorded(struct function *function)
{
    static const uint8_t caps[] = {
        [0x40 - 0x40] = 0x09,
        0x50,
        0x14,
        0x05,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0, /* pci_cfg (cut) */
        [0x50 - 0x40] = 0x09,
        0x64,
        0x14,
        0x02,
        4,
        0,
        0,
        0,
        0,
        0x30,
        0,
        0,
        0,
        0x10,
        0,
        0,
        4,
        0,
        0,
        0,
        [0x64 - 0x40] = 0x09,
        0x74,
        0x10,
        0x04,
        4,
        0,
        0,
        0,
        0,
        0x20,
        0,
        0,
        0,
        0x10,
        0,
        0,
        [0x74 - 0x40] = 0x09,
        0x84,
        0x10,
        0x03,
        4,
        0,
        0,
        0,
        0,
        0x10,
        0,
        0,
        0,
        0x10,
        0,
        0,
        [0x84 - 0x40] = 0x09,
        0x98,
        0x10,
        0x01,
        4,
        0,
        0,
        0,
        0,
        0x00,
        0,
        0,
        0,
        0x10,
        0,
        0,
        [0x98 - 0x40] = 0x11,
        0x00,
        0x03,
        0x00,
        1,
        0,
        0,
        0,
        1,
        8,
        0,
        0,
    };

    put(function, PCI_STATUS, 2, 0x10);
    put(function, PCI_REVISION, 4, 0x02000001);
    put(function, PCI_CAP_POINTER, 1, 0x40);
    put(function, PCI_INTERRUPT_LINE, 2, 0x010b);
    put(function, PCI_BAR0 + 4, 4, 0xfebd0000);
    put(function, PCI_BAR0 + 16, 4, 0xfe00000c);
    put(function, PCI_BAR0 + 20, 4, 0x00000001);
    function->bar_mask[1] = 0xfffff000;
    function->bar_mask[4] = 0xffffc000;
    function->bar_mask[5] = 0xffffffff;
    memcpy(&function->bytes[0x40], caps, sizeof(caps));
}

Test(pci, recorded_virtio_net_is_understood)
{
    struct function *function = function_new(0, 3, 0, 0x1af4, 0x1041);
    struct virtio_region regions[VIRTIO_REGIONS];
    struct pci_device dev;

    virtio_recorded(function);
    cr_assert(pci_function_read(function->at, &dev));
    cr_assert_eq(dev.class_code, 0x020000);
    cr_assert_eq(dev.interrupt_line, 11);
    cr_assert_eq(dev.interrupt_pin, 1);
    cr_assert_eq(dev.caps.count, 6);
    cr_assert(!dev.caps.is_broken);
    cr_assert_eq(pci_cap_find(&dev, PCI_CAP_MSIX, 0), 0x98);
    cr_assert_eq(pci_cap_find(&dev, PCI_CAP_VENDOR, 4), 0x84);
    cr_assert_eq(pci_cap_find(&dev, PCI_CAP_VENDOR, 5), 0);
    cr_assert_eq(dev.bars[0].kind, PCI_BAR_ABSENT);
    cr_assert_eq(dev.bars[1].kind, PCI_BAR_MEMORY);
    cr_assert_eq(dev.bars[1].size, 0x1000);
    cr_assert_eq(dev.bars[1].address, 0xfebd0000);
    cr_assert_eq(dev.bars[4].address, 0x1fe000000);
    cr_assert_eq(dev.bars[4].size, 0x4000);
    cr_assert(dev.bars[4].is_64bit && dev.bars[4].is_prefetchable);
    cr_assert_eq(dev.bars[5].kind, PCI_BAR_ABSENT);
    cr_assert(!decode_was_on, "sizing with decoders on");
    cr_assert_eq(function->bytes[PCI_COMMAND], 3, "decoders are back on");
    cr_assert_eq(virtio_pci_regions_read(&dev, regions), 0);
    cr_assert_eq(regions[VIRTIO_REGION_NOTIFY].offset, 0x3000);
    cr_assert_eq(regions[VIRTIO_REGION_NOTIFY].multiplier, 4);
    cr_assert_eq(regions[VIRTIO_REGION_COMMON].bar, 4);
}

Test(pci, virtio_structures_outside_their_bar_do_not_count)
{
    struct function *function = function_new(0, 3, 0, 0x1af4, 0x1041);
    struct virtio_region regions[VIRTIO_REGIONS];
    struct pci_device dev;

    virtio_recorded(function);
    put(function, 0x84 + 8, 4, 0x3001);
    cr_assert(pci_function_read(function->at, &dev));
    cr_assert_eq(virtio_pci_regions_read(&dev, regions), -ENODEV);
    put(function, 0x84 + 8, 4, 0xfffff000);
    cr_assert_eq(virtio_pci_regions_read(&dev, regions), -ENODEV);
    put(function, 0x84 + 8, 4, 0);
    put(function, 0x84 + 4, 1, 7);
    cr_assert_eq(virtio_pci_regions_read(&dev, regions), -ENODEV);
    put(function, 0x84 + 4, 1, 4);
    cr_assert_eq(virtio_pci_regions_read(&dev, regions), 0);
}

/* --- capability lists -------------------------------------------------------------------------------------
 */

Test(pci, looping_capability_list_ends)
{
    struct function *function = function_new(0, 1, 0, 0x8086, 1);
    struct pci_caps caps;

    put(function, PCI_STATUS, 2, 0x10);
    put(function, PCI_CAP_POINTER, 1, 0x53); /* low bits are reserved */
    put(function, 0x50, 2, 0x6001);
    put(function, 0x60, 2, 0x5005);
    pci_caps_read(function->at, &caps);
    cr_assert_eq(caps.count, 2);
    cr_assert(caps.is_broken);
    cr_assert_eq(caps.list[1].id, 5);
}

Test(pci, capability_list_into_the_header_ends)
{
    struct function *function = function_new(0, 1, 0, 0x8086, 1);
    struct pci_caps caps;

    put(function, PCI_STATUS, 2, 0x10);
    put(function, PCI_CAP_POINTER, 1, 0x10);
    pci_caps_read(function->at, &caps);
    cr_assert(caps.count == 0 && caps.is_broken);
    put(function, PCI_CAP_POINTER, 1, 0x80);
    put(function, 0x80, 2, 0xffff);
    pci_caps_read(function->at, &caps);
    cr_assert(caps.count == 0 && caps.is_broken);
}

Test(pci, longest_capability_list_fits)
{
    struct function *function = function_new(0, 1, 0, 0x8086, 1);
    struct pci_caps caps;

    put(function, PCI_STATUS, 2, 0x10);
    put(function, PCI_CAP_POINTER, 1, 0x40);
    for (unsigned at = 0x40; at < 0x100; at += 4)
        put(function, at, 2, 9 | (at + 4 == 0x100 ? 0 : (at + 4) << 8));
    pci_caps_read(function->at, &caps);
    cr_assert_eq(caps.count, PCI_CAPS_MAX);
    cr_assert(!caps.is_broken);
}

/* --- BARs -------------------------------------------------------------------------------------------------
 */

static struct pci_bar decode(uint32_t value, uint32_t sized, uint32_t value_high, uint32_t sized_high,
                             bool has_next, unsigned takes)
{
    struct pci_bar bar;
    uint32_t values[2] = {value, value_high}, sizes[2] = {sized, sized_high};

    cr_assert_eq(pci_bar_decode(values, sizes, has_next, &bar), takes);
    return bar;
}

Test(pci, bars_of_every_kind)
{
    struct pci_bar bar = decode(0xc001, 0xffffffe1, 0, 0, true, 1);

    cr_assert(bar.kind == PCI_BAR_PORTS && bar.size == 32 && bar.address == 0xc000);
    bar = decode(0xc001, 0x0000ffe1, 0, 0, true, 1); /* 16-bit ports */
    cr_assert(bar.kind == PCI_BAR_PORTS && bar.size == 32);
    bar = decode(0xfe000000, 0xfffffff0, 0, 0, true, 1);
    cr_assert(bar.kind == PCI_BAR_MEMORY && bar.size == 16 && !bar.is_64bit);
    bar = decode(0x4, 0x4, 0x80, 0xfffffff0, true, 2); /* 64 GiB */
    cr_assert(bar.kind == PCI_BAR_MEMORY && bar.size == 1ULL << 36 && bar.address == 0x8000000000);
    bar = decode(0, 0xfff00000, 0, 0, true, 1);
    cr_assert(bar.kind == PCI_BAR_MEMORY && bar.address == 0 && bar.size == 1 << 20);
}

Test(pci, nonsense_bars_are_absent)
{
    cr_assert_eq(decode(0, 0, 0, 0, true, 1).kind, PCI_BAR_ABSENT);
    cr_assert_eq(decode(~0U, ~0U, 0, 0, true, 1).kind, PCI_BAR_ABSENT);
    cr_assert_eq(decode(1, 1, 0, 0, true, 1).kind, PCI_BAR_ABSENT);          /* ports without address bits */
    cr_assert_eq(decode(0, 0xff00ff00, 0, 0, true, 1).kind, PCI_BAR_ABSENT); /* holes */
    cr_assert_eq(decode(0, 0xfffffff6, 0, 0, true, 1).kind, PCI_BAR_ABSENT); /* reserved type */
    cr_assert_eq(decode(0, 0xfffffff4, 0, ~0U, false, 1).kind, PCI_BAR_ABSENT); /* 64 bits in the last one */
    cr_assert_eq(decode(4, 4, 0, 0, true, 2).kind, PCI_BAR_ABSENT);             /* no address bits */
    cr_assert_eq(decode(0x1000, 0xffff0000, 0, 0, true, 1).kind, PCI_BAR_ABSENT); /* misaligned */
}

/* --- the tree ---------------------------------------------------------------------------------------------
 */

static struct pci_device_list list;

static unsigned enumerate(void)
{
    struct pci_root root = {0, 0, 255};
    struct pci_device *dev;
    unsigned n = 0;

    TAILQ_INIT(&list);
    cr_assert_eq(pci_enumerate(&root, &list), 0);
    TAILQ_FOREACH (dev, &list, link)
        n++;
    return n;
}

static void list_free(void)
{
    struct pci_device *dev;

    while ((dev = TAILQ_FIRST(&list)) != NULL) {
        TAILQ_REMOVE(&list, dev, link);
        free(dev);
    }
}

static struct pci_device *device_at(unsigned bus, unsigned slot, unsigned fn)
{
    struct pci_device *dev;

    TAILQ_FOREACH (dev, &list, link)
        if (dev->address.bus == bus && dev->address.devfn == PCI_DEVFN(slot, fn))
            return dev;
    return NULL;
}

Test(pci, tree_is_built_from_bridges, .fini = list_free)
{
    function_new(0, 0, 0, 0x8086, 0x29c0);
    put(function_new(0, 31, 0, 0x8086, 0x2918), PCI_HEADER_TYPE, 1, 0x80);
    function_new(0, 31, 2, 0x8086, 0x2922);
    function_new(0, 30, 1, 0x8086, 2); /* no function 0: nobody there */
    bridge_new(0, 2, 1, 3);
    bridge_new(1, 0, 2, 2);
    bridge_new(1, 1, 3, 3);
    function_new(3, 4, 0, 0x1af4, 0x1041);
    function_new(9, 4, 0, 0x1af4, 0x1041); /* a root bus of its own */
    cr_assert_eq(enumerate(), 8);
    cr_assert_eq(device_at(3, 4, 0)->parent, device_at(1, 1, 0));
    cr_assert_eq(device_at(1, 1, 0)->parent, device_at(0, 2, 0));
    cr_assert_null(device_at(9, 4, 0)->parent);
    cr_assert_null(device_at(30, 1, 0));
}

Test(pci, bridges_that_lie_end_the_search, .fini = list_free)
{
    bridge_new(0, 1, 0, 255); /* to itself: renumbered */
    bridge_new(0, 2, 5, 4);   /* empty range */
    bridge_new(0, 3, 7, 7);
    bridge_new(0, 4, 7, 7); /* the same bus again */
    bridge_new(7, 0, 7, 9); /* behind itself */
    function_new(7, 1, 0, 1, 1);
    enumerate();
    cr_assert_lt(accesses, 256 * 32 * 8 * 2);
    cr_assert_eq(device_at(7, 1, 0)->parent, device_at(0, 3, 0));
}

Test(pci, downstream_ports_have_one_device, .fini = list_free)
{
    struct function *port = bridge_new(0, 1, 1, 1);

    put(port, PCI_STATUS, 2, 0x10);
    put(port, PCI_CAP_POINTER, 1, 0x40);
    put(port, 0x40, 2, PCI_CAP_PCIE);
    put(port, 0x42, 2, 0x42); /* root port */
    function_new(1, 0, 0, 1, 1);
    function_new(1, 1, 0, 1, 1); /* an echo */
    cr_assert_eq(enumerate(), 2);
}

Test(pci, unnumbered_bridge_gets_a_free_bus, .fini = list_free)
{
    struct pci_device *dev;

    bridge_new(0, 1, 1, 2);
    bridge_new(0, 2, 0, 0);
    enumerate();
    dev = device_at(0, 2, 0);
    cr_assert_eq(dev->bridge.secondary, 3);
    cr_assert_eq(functions[1].bytes[PCI_BRIDGE_SECONDARY], 3);
}

/* --- addresses --------------------------------------------------------------------------------------------
 */

Test(pci, free_range_is_found)
{
    struct pci_window used[] = {{0x1000, 0x1fff}, {0x3000, 0x3fff}, {0x2000, 0x20ff}};
    struct pci_window within = {0x1000, 0x5fff};

    cr_assert_eq(pci_range_find(within, 0x1000, used, 3), 0x4000);
    cr_assert_eq(pci_range_find(within, 0x100, used, 3), 0x2100);
    cr_assert_eq(pci_range_find(within, 0x4000, used, 3), 0);
    cr_assert_eq(pci_range_find(within, 0x2000, used, 1), 0x2000);
    cr_assert_eq(pci_range_find((struct pci_window){0x5000, 0x4fff}, 0x100, used, 3), 0);
    cr_assert_eq(pci_range_find((struct pci_window){1, ~0ULL}, 1ULL << 63, used, 3), 1ULL << 63);
}

Test(pci, unassigned_bar_gets_an_address, .fini = list_free)
{
    static struct host_memory_range ram = {.base = {0}, .size = 0xc0000000};
    struct function *port, *nic, *other;

    info.memory = &ram;
    info.memory_count = 1;
    port = bridge_new(0, 1, 1, 1);
    put(port, PCI_BRIDGE_MEMORY, 4, 0xfe10fe00);
    nic = function_new(1, 0, 0, 1, 1);
    nic->bar_mask[0] = 0xffff0000;
    other = function_new(0, 2, 0, 1, 1);
    other->bar_mask[1] = 0xfff00000;
    enumerate();
    pci_assign(&list);
    cr_assert_eq(device_at(1, 0, 0)->bars[0].address, 0xfe000000);
    cr_assert_eq(pci_config_read(nic->at, PCI_BAR0, 4), 0xfe000000);
    cr_assert_eq(device_at(0, 2, 0)->bars[1].address, 0xc0000000);
    cr_assert(!decode_was_on);
}
