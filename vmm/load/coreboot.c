/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory map once more, for multiboot payloads that were built for coreboot, such as GRUB: coreboot,
 * src/commonlib/include/commonlib/coreboot_tables.h. */

#include "multiboot.h"

#include <core/bytes.h>
#include <core/checksum.h>

#define TABLE_AT     0x500 /* where payloads look first, behind the BIOS data area */
#define TABLE_END    0x1000
#define HEADER_SIZE  24
#define RECORD_SIZE  8
#define RANGE_SIZE   20
#define TAG_MEMORY   1
#define RECORD_COUNT 1

/* The record with the map; *checksum becomes its sum's complement. */
static int record_write(struct loader *l, uint64_t at, uint32_t size, uint16_t *checksum)
{
    uint8_t bytes[RANGE_SIZE] = {0};
    uint64_t sum;
    int status;

    put_u32(bytes, TAG_MEMORY);
    put_u32(bytes + 4, size);
    sum = checksum_add(0, bytes, RECORD_SIZE);
    status = load_write(l, at, bytes, RECORD_SIZE);
    at += RECORD_SIZE;
    /* E820's types are coreboot's. */
    for (unsigned i = 0; i < l->params->memory_map_count && !status; i++, at += RANGE_SIZE) {
        put_u64(bytes, l->params->memory_map[i].base);
        put_u64(bytes + 8, l->params->memory_map[i].size);
        put_u32(bytes + 16, l->params->memory_map[i].type);
        sum = checksum_add(sum, bytes, RANGE_SIZE);
        status = load_write(l, at, bytes, RANGE_SIZE);
    }
    *checksum = (uint16_t)~checksum_fold(sum);
    return status;
}

int coreboot_table_build(struct loader *l)
{
    uint64_t size = RECORD_SIZE + (uint64_t)l->params->memory_map_count * RANGE_SIZE;
    uint8_t header[HEADER_SIZE] = {0};
    uint16_t checksum;
    int status;

    /* A courtesy: nothing fails without it. */
    if (space_lowest(l, HEADER_SIZE + size, 1, TABLE_AT, TABLE_END) != TABLE_AT)
        return 0;
    status = record_write(l, TABLE_AT + HEADER_SIZE, (uint32_t)size, &checksum);
    if (status)
        return status;
    memcpy(header, "LBIO", 4);
    put_u32(header + 4, HEADER_SIZE);
    put_u32(header + 12, (uint32_t)size);
    put_u32(header + 16, checksum);
    put_u32(header + 20, RECORD_COUNT);
    put_u32(header + 8, (uint16_t)~checksum_fold(checksum_add(0, header, HEADER_SIZE)));
    return load_write(l, TABLE_AT, header, sizeof(header));
}
