/* SPDX-License-Identifier: BSD-2-Clause */
/* RSDP, XSDT/RSDT, and who parses which table. ACPI 6.5, 5.2.5 to 5.2.8. Pure. */

#include "acpi.h"
#include "phys.h"

#include <errno.h>

#define RSDP_SIZE_V1 20
#define RSDP_SIZE_V2 36
#define RSDP_REGION  16 /* the BIOS puts it on this boundary */

#define EBDA_SEGMENT_AT 0x40e
#define EBDA_SEARCH     1024
#define BIOS_AREA       0xe0000
#define BIOS_AREA_SIZE  0x20000

/* A DSDT has a few MiB at most, a root table a few hundred entries; more is a broken length field. */
#define TABLE_LENGTH_MAX MIB(16)
#define ROOT_LENGTH_MAX  KIB(64)

/* The sum of all bytes is 0 modulo 256. */
static bool checksum_is_good(const uint8_t *bytes, size_t length)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

uint64_t acpi_field(const struct acpi_table *table, uint32_t offset, unsigned int bytes)
{
    uint64_t value = 0;

    if (offset > table->length || bytes > table->length - offset)
        return 0;
    memcpy(&value, table->data + offset, bytes);
    return value;
}

struct host_register acpi_register(const struct acpi_table *table, uint32_t offset)
{
    static const enum host_space spaces[] = {HOST_SPACE_MEMORY, HOST_SPACE_IO, HOST_SPACE_PCI};
    uint64_t space = acpi_field(table, offset, 1);
    unsigned int access = (unsigned int)acpi_field(table, offset + 3, 1);
    struct host_register r = {
        .width_bits = (uint8_t)acpi_field(table, offset + 1, 1),
        .address = acpi_field(table, offset + 4, 8),
    };

    if (r.address == 0 || space >= ARRAY_SIZE(spaces))
        return (struct host_register){0};
    r.space = spaces[space];
    if (access == 0 || access > 4) /* undefined: as wide as the register */
        access = r.width_bits > 32 ? 4 : r.width_bits > 16 ? 3 : r.width_bits > 8 ? 2 : 1;
    r.access_bytes = (uint8_t)(1u << (access - 1));
    return r;
}

/* Signatures come from outside and may hold any byte; host_info_warn makes them printable. */
static void signature_text(const uint8_t *table, char text[5])
{
    memcpy(text, table, 4);
    text[4] = '\0';
}

/* Maps and checks the table at address. signature NULL: any. False after a warning: not usable. */
static bool table_open(struct fw_builder *b, uint64_t address, const char *signature,
                       struct acpi_table *table)
{
    const uint8_t *header = phys_map(b->reader, address, ACPI_HEADER_SIZE);
    uint32_t length;
    char name[5];

    if (header == NULL) {
        fw_warn(b, "ACPI table at %#llx cannot be read, ignored", (unsigned long long)address);
        return false;
    }
    signature_text(header, name);
    if (signature && memcmp(header, signature, 4) != 0) {
        fw_warn(b, "ACPI table at %#llx is \"%s\", not %s, ignored", (unsigned long long)address, name,
                signature);
        return false;
    }
    length = get_u32(header + 4);
    if (length < ACPI_HEADER_SIZE || length > TABLE_LENGTH_MAX ||
        (header = phys_map(b->reader, address, length)) == NULL) {
        fw_warn(b, "ACPI table \"%s\" at %#llx has a bad length %u, ignored", name,
                (unsigned long long)address, length);
        return false;
    }
    if (!checksum_is_good(header, length)) {
        fw_warn(b, "ACPI table \"%s\" at %#llx has a wrong checksum, ignored", name,
                (unsigned long long)address);
        return false;
    }
    *table = (struct acpi_table){header, length};
    return true;
}

static const uint8_t *rsdp_check(struct fw_builder *b, uint64_t address)
{
    const uint8_t *rsdp = phys_map(b->reader, address, RSDP_SIZE_V1);

    if (rsdp && memcmp(rsdp, "RSD PTR ", 8) == 0 && checksum_is_good(rsdp, RSDP_SIZE_V1))
        return rsdp;
    return NULL;
}

static uint64_t rsdp_scan(struct fw_builder *b, uint64_t base, uint64_t size)
{
    for (uint64_t at = ALIGN_UP(base, RSDP_REGION); at < base + size; at += RSDP_REGION) {
        if (rsdp_check(b, at))
            return at;
    }
    return 0;
}

/* EBDA first, then the BIOS read-only area; only BIOS machines have them (5.2.5.1). */
static uint64_t rsdp_find(struct fw_builder *b)
{
    uint16_t segment;
    uint64_t found = 0;

    if (hpa_valid(b->info->rsdp))
        return b->info->rsdp.v;
    if (b->info->firmware == HOST_FW_UEFI)
        return 0;
    if (phys_copy(b->reader, EBDA_SEGMENT_AT, &segment, sizeof(segment)) && segment)
        found = rsdp_scan(b, (uint64_t)segment << 4, EBDA_SEARCH);
    return found ? found : rsdp_scan(b, BIOS_AREA, BIOS_AREA_SIZE);
}

/* The root table: XSDT when there is a good one, else RSDT. entry_size is 8 or 4. */
static bool root_open(struct fw_builder *b, uint64_t address, struct acpi_table *root,
                      unsigned int *entry_size)
{
    const uint8_t *rsdp = rsdp_check(b, address);
    const uint8_t *v2;
    uint32_t length;

    if (rsdp == NULL) {
        fw_warn(b, "ACPI RSDP at %#llx is broken, no ACPI", (unsigned long long)address);
        return false;
    }
    b->info->rsdp = hpa(address);
    if (rsdp[15] >= 2 && (v2 = phys_map(b->reader, address, RSDP_SIZE_V2)) != NULL) {
        length = get_u32(v2 + 20);
        if (length < RSDP_SIZE_V2 || length > PAGE_SIZE ||
            (v2 = phys_map(b->reader, address, length)) == NULL || !checksum_is_good(v2, length)) {
            fw_warn(b, "ACPI RSDP's extended part is broken, using RSDT");
        } else if (get_u64(v2 + 24) && table_open(b, get_u64(v2 + 24), "XSDT", root)) {
            *entry_size = 8;
            return true;
        }
    }
    rsdp = phys_map(b->reader, address, RSDP_SIZE_V1);
    *entry_size = 4;
    return rsdp && table_open(b, get_u32(rsdp + 16), "RSDT", root);
}

enum { T_MADT, T_FADT, T_MCFG, T_HPET, T_SRAT, T_SPCR, T_GTDT, T_IORT, T_KINDS };

static const char signatures[T_KINDS][5] = {
    [T_MADT] = "APIC", [T_FADT] = "FACP", [T_MCFG] = "MCFG", [T_HPET] = "HPET",
    [T_SRAT] = "SRAT", [T_SPCR] = "SPCR", [T_GTDT] = "GTDT", [T_IORT] = "IORT",
};

static int table_dispatch(struct fw_builder *b, unsigned int kind, const struct acpi_table *table,
                          struct arena_array *cpus)
{
    switch (kind) {
    case T_MADT:
        return acpi_madt_parse(b, table, cpus);
    case T_FADT:
        acpi_fadt_parse(b, table);
        return 0;
    case T_MCFG:
        return acpi_mcfg_parse(b, table);
    case T_HPET:
        acpi_hpet_parse(b, table);
        return 0;
    case T_SRAT:
        return acpi_srat_parse(b, table);
    case T_GTDT:
        acpi_gtdt_parse(b, table);
        return 0;
    case T_IORT:
        b->iort = *table; /* read when all others were */
        return 0;
    default:
        acpi_spcr_parse(b, table);
        return 0;
    }
}

struct root_walk {
    struct acpi_table root;
    unsigned int entry_size;
    uint64_t dsdt;
    bool seen[T_KINDS];
};

static uint64_t root_entry(const struct root_walk *walk, uint32_t offset)
{
    return acpi_field(&walk->root, offset, walk->entry_size);
}

static int root_entry_parse(struct fw_builder *b, struct root_walk *walk, uint64_t address,
                            struct arena_array *cpus)
{
    const uint8_t *header = phys_map(b->reader, address, ACPI_HEADER_SIZE);
    struct acpi_table table;

    if (header == NULL) {
        fw_warn(b, "ACPI table at %#llx cannot be read, ignored", (unsigned long long)address);
        return 0;
    }
    for (unsigned int kind = 0; kind < T_KINDS; kind++) {
        if (memcmp(header, signatures[kind], 4) != 0)
            continue;
        if (walk->seen[kind]) {
            fw_warn(b, "ACPI table \"%s\" is there twice, the second is ignored", signatures[kind]);
            return 0;
        }
        if (!table_open(b, address, signatures[kind], &table))
            return 0;
        walk->seen[kind] = true;
        if (kind == T_FADT)
            walk->dsdt = acpi_fadt_dsdt(&table);
        return table_dispatch(b, kind, &table, cpus);
    }
    return 0;
}

/* \_S5 is in the DSDT nearly always; some firmware has it in an SSDT. */
static void s5_find(struct fw_builder *b, const struct root_walk *walk)
{
    struct acpi_table table;

    if (walk->dsdt && table_open(b, walk->dsdt, "DSDT", &table) && acpi_s5_search(b, &table))
        return;
    for (uint32_t at = ACPI_HEADER_SIZE; at + walk->entry_size <= walk->root.length; at += walk->entry_size) {
        uint64_t address = root_entry(walk, at);
        const uint8_t *header = phys_map(b->reader, address, ACPI_HEADER_SIZE);

        if (header && memcmp(header, "SSDT", 4) == 0 && table_open(b, address, "SSDT", &table) &&
            acpi_s5_search(b, &table))
            return;
    }
}

int acpi_parse(struct fw_builder *b, struct host_cpus *cpus)
{
    struct root_walk walk = {.entry_size = 4};
    struct arena_array found = {0};
    uint64_t address = rsdp_find(b);
    int error;

    if (address == 0) {
        fw_warn(b, "no ACPI: firmware has no RSDP");
        return 0;
    }
    if (!root_open(b, address, &walk.root, &walk.entry_size))
        return 0;
    if (walk.root.length > ROOT_LENGTH_MAX) {
        fw_warn(b, "ACPI root table lists %u bytes of entries, only the first are used", walk.root.length);
        walk.root.length = ROOT_LENGTH_MAX;
    }
    for (uint32_t at = ACPI_HEADER_SIZE; at + walk.entry_size <= walk.root.length; at += walk.entry_size) {
        error = root_entry_parse(b, &walk, root_entry(&walk, at), &found);
        if (error)
            return error;
    }
    if (walk.seen[T_FADT])
        s5_find(b, &walk);
    else
        fw_warn(b, "ACPI has no FADT: no power management");
    if (!walk.seen[T_MADT])
        fw_warn(b, "ACPI has no MADT: only the boot CPU is known");
    cpus->items = found.items;
    cpus->count = found.count;
    return host_cpus_unique(b->arena, cpus);
}
