/* SPDX-License-Identifier: BSD-2-Clause */
/* IO remapping tables: who is which device to which translation service. */
#include "../../platform/firmware/acpi.h"
#include "../../platform/firmware/phys.h"

#include <criterion/criterion.h>

const char builtin_cmdline[] = "";

static uint8_t bytes[1024], memory[1 << 16];
static uint32_t size;
static struct host_info info;
static struct arena arena;
static struct fw_builder b = {.arena = &arena, .info = &info};
static const struct host_gic_region its[] = {{{0x8080000}, 0x20000, 0}, {{0x9080000}, 0x20000, 5}};

static void put32(uint32_t at, uint32_t value)
{
    memcpy(bytes + at, &value, sizeof(value));
}

static void setup(void)
{
    arena_init(&arena, memory, sizeof(memory));
    info.gic.its = its;
    info.gic.its_count = 2;
    size = 48;
    put32(40, size);
}

TestSuite(iort, .init = setup);

/* Gives where it is. Its mappings follow. */
static uint32_t node_add(uint8_t type, uint32_t body)
{
    uint32_t at = size;
    uint16_t length = (uint16_t)(16 + body);

    bytes[at] = type;
    memcpy(bytes + at + 1, &length, 2);
    put32(at + 12, length);
    size += length;
    bytes[36]++;
    return at;
}

static void mapping_add(uint32_t node, uint32_t input, uint32_t count, uint32_t output, uint32_t target,
                        uint32_t flags)
{
    uint16_t length;

    memcpy(&length, bytes + node + 1, 2);
    cr_assert_eq(node + length, size, "the last node only");
    put32(size, input);
    put32(size + 4, count - 1);
    put32(size + 8, output);
    put32(size + 12, target);
    put32(size + 16, flags);
    size += 20;
    length += 20;
    memcpy(bytes + node + 1, &length, 2);
    bytes[node + 8]++;
}

static uint32_t group_add(uint32_t id)
{
    uint32_t at = node_add(0, 8);

    put32(at + 16, 1);
    put32(at + 20, id);
    return at;
}

static uint32_t root_add(uint32_t segment)
{
    uint32_t at = node_add(2, 20);

    put32(at + 28, segment);
    return at;
}

static void parse(void)
{
    struct acpi_table table = {bytes, size};

    cr_assert_eq(acpi_iort_parse(&b, &table), 0);
}

static void expect(size_t n, uint64_t service, uint16_t segment, uint32_t base, uint32_t count,
                   uint32_t device)
{
    const struct host_msi_map *map = &info.msi_maps[n];

    cr_assert_lt(n, info.msi_map_count);
    cr_assert(map->its.v == service && map->segment == segment && map->base == base && map->count == count &&
                  map->device == device,
              "map %zu", n);
}

Test(iort, a_root_complex_straight_to_its_service)
{
    uint32_t group = group_add(5), root = root_add(3);

    mapping_add(root, 0, 0x10000, 0x20000, group, 0);
    mapping_add(root, 0x100, 1, 0x7777, group, 1); /* its own messages */
    parse();
    cr_assert_eq(info.msi_map_count, 1);
    expect(0, 0x9080000, 3, 0, 0x10000, 0x20000);
}

Test(iort, through_an_smmu_that_takes_only_parts)
{
    uint32_t group = group_add(0), other = group_add(5), smmu = node_add(4, 52), root;

    mapping_add(smmu, 0x100, 0x100, 0x1000, group, 0);
    mapping_add(smmu, 0x200, 0x100, 0x5000, other, 0);
    mapping_add(smmu, 0x900, 0x100, 0, group, 0);
    root = root_add(0);
    mapping_add(root, 0x80, 0x100, 0x180, smmu, 0); /* 180 to 27f to the SMMU */
    parse();
    cr_assert_eq(info.msi_map_count, 2);
    expect(0, 0x8080000, 0, 0x80, 0x80, 0x1080);
    expect(1, 0x9080000, 0, 0x100, 0x80, 0x5000);
}

Test(iort, services_and_nodes_that_are_not_there)
{
    uint32_t group = group_add(9), root = root_add(0);

    mapping_add(root, 0, 0x10000, 0, group, 0);
    mapping_add(root, 0, 0x10000, 0, 5000, 0);
    mapping_add(root, 0, 0x10000, 0, root, 0); /* itself */
    mapping_add(root, 0, 0x10000, 0, 4, 0);    /* in the header */
    parse();
    cr_assert_eq(info.msi_map_count, 0);
    cr_assert_eq(info.warnings, NULL);
}

Test(iort, a_node_that_does_not_end_in_the_table)
{
    uint32_t group = group_add(0), root = root_add(0);

    mapping_add(root, 0, 0x10000, 0, group, 0);
    size -= 4;
    parse();
    cr_assert_eq(info.msi_map_count, 0);
    cr_assert_neq(info.warnings, NULL);
}
