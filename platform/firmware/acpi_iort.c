/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which number a PCI function has for the GIC's translation service: IO Remapping Table (DEN0049E). A root
 * complex maps requesters to an ITS group, or to an SMMU, which maps what comes out of that to an ITS group.
 * Pure.
 */

#include "acpi.h"
#include "phys.h"

#include <errno.h>

#define NODES_COUNT      36
#define NODES_AT         40
#define NODE_SIZE_MIN    16
#define NODE_MAPPINGS    8
#define NODE_MAPPINGS_AT 12
#define ITS_COUNT        16
#define ITS_FIRST        20
#define ROOT_SEGMENT     28
#define MAPPING_SIZE     20
#define MAPPING_SINGLE   1 /* of the node's own messages, not of who is behind it */

/* More than any machine has; a table that says more only costs time. */
#define MAPPINGS_LOOKED_AT 65536

enum { NODE_ITS_GROUP = 0, NODE_ROOT_COMPLEX = 2, NODE_SMMU = 3, NODE_SMMU_V3 = 4 };

struct node {
    const uint8_t *data;
    uint32_t size, mappings, mappings_at;
    uint8_t type;
};

struct mapping {
    uint32_t input, count, output, target;
    bool is_single;
};

struct iort {
    struct fw_builder *b;
    const struct acpi_table *table;
    struct arena_array maps;
    uint32_t left; /* mappings that will still be looked at */
};

static bool node_open(const struct iort *iort, uint64_t at, struct node *node)
{
    const struct acpi_table *table = iort->table;

    if (at < ACPI_HEADER_SIZE || at + NODE_SIZE_MIN > table->length)
        return false;
    node->data = table->data + at;
    node->type = node->data[0];
    node->size = get_u16(node->data + 1);
    node->mappings = get_u32(node->data + NODE_MAPPINGS);
    node->mappings_at = get_u32(node->data + NODE_MAPPINGS_AT);
    return node->size >= NODE_SIZE_MIN && node->size <= table->length - at &&
           (uint64_t)node->mappings * MAPPING_SIZE + node->mappings_at <= node->size;
}

static bool mapping_next(struct iort *iort, const struct node *node, uint32_t nth, struct mapping *m)
{
    const uint8_t *p;

    if (nth >= node->mappings || iort->left == 0)
        return false;
    iort->left--;
    p = node->data + node->mappings_at + (size_t)nth * MAPPING_SIZE;
    *m = (struct mapping){get_u32(p), get_u32(p + 4), get_u32(p + 8), get_u32(p + 12),
                          get_u32(p + 16) & MAPPING_SINGLE};
    /* The table has the number of IDs less one; requesters have 16 bits, so more is never asked for. */
    m->count = MIN(m->count, 0xffffU) + 1;
    return true;
}

/* The first service of a group: all of them serve it. */
static hpa_t group_its(const struct iort *iort, const struct node *group)
{
    const struct host_irqchip_gic *gic = &iort->b->info->gic;

    if (group->type != NODE_ITS_GROUP || group->size < ITS_FIRST + 4 || get_u32(group->data + ITS_COUNT) == 0)
        return HPA_NONE;
    for (size_t i = 0; i < gic->its_count; i++)
        if (gic->its[i].id == get_u32(group->data + ITS_FIRST))
            return gic->its[i].base;
    return HPA_NONE;
}

static int map_add(struct iort *iort, const struct host_msi_map *map, const struct node *group)
{
    struct host_msi_map *slot;
    hpa_t its = group_its(iort, group);

    if (!hpa_valid(its) || map->base > 0xffff)
        return 0;
    slot = ARENA_PUSH(iort->b->arena, &iort->maps, struct host_msi_map);
    if (slot == NULL)
        return -ENOMEM;
    *slot = *map;
    slot->its = its;
    return 0;
}

/* What `map` lets through to an SMMU goes on by the SMMU's own mappings. */
static int smmu_follow(struct iort *iort, const struct host_msi_map *map, const struct node *smmu)
{
    struct mapping m;
    struct node group;

    for (uint32_t i = 0; mapping_next(iort, smmu, i, &m); i++) {
        uint64_t from = MAX(map->device, m.input);
        uint64_t to = MIN((uint64_t)map->device + map->count, (uint64_t)m.input + m.count);
        struct host_msi_map part = *map;
        int error;

        if (m.is_single || from >= to || !node_open(iort, m.target, &group))
            continue;
        part.base = map->base + (uint32_t)(from - map->device);
        part.count = (uint32_t)(to - from);
        part.device = m.output + (uint32_t)(from - m.input);
        error = map_add(iort, &part, &group);
        if (error)
            return error;
    }
    return 0;
}

static int root_complex_parse(struct iort *iort, const struct node *root)
{
    struct mapping m;
    struct node target;

    if (root->size < ROOT_SEGMENT + 4)
        return 0;
    for (uint32_t i = 0; mapping_next(iort, root, i, &m); i++) {
        struct host_msi_map map = {.segment = (uint16_t)get_u32(root->data + ROOT_SEGMENT),
                                   .base = m.input,
                                   .count = m.count,
                                   .device = m.output};
        bool is_smmu;
        int error;

        if (m.is_single || !node_open(iort, m.target, &target))
            continue;
        is_smmu = target.type == NODE_SMMU || target.type == NODE_SMMU_V3;
        error = is_smmu ? smmu_follow(iort, &map, &target) : map_add(iort, &map, &target);
        if (error)
            return error;
    }
    return 0;
}

int acpi_iort_parse(struct fw_builder *b, const struct acpi_table *table)
{
    struct iort iort = {.b = b, .table = table, .left = MAPPINGS_LOOKED_AT};
    uint64_t nodes = acpi_field(table, NODES_COUNT, 4), at = acpi_field(table, NODES_AT, 4);
    struct node node;
    int error = 0;

    for (; !error && nodes > 0; nodes--, at += node.size) {
        if (!node_open(&iort, at, &node)) {
            fw_warn(b, "ACPI IORT: node at offset %llu is broken, the rest is ignored",
                    (unsigned long long)at);
            break;
        }
        if (node.type == NODE_ROOT_COMPLEX)
            error = root_complex_parse(&iort, &node);
    }
    b->info->msi_maps = iort.maps.items;
    b->info->msi_map_count = iort.maps.count;
    return error;
}
