/* SPDX-License-Identifier: BSD-2-Clause */
/* What the EFI stub collected, the EFI memory map and the system table (UEFI 2.10, 4.3, 4.6, 7.2). Pure. */

#include "builder.h"
#include "efi_handover.h"
#include "phys.h"

#include <errno.h>

#define DESCRIPTOR_SIZE_MIN 40
#define PAGES_MAX           ((uint64_t)1 << 52) /* so that the size in bytes does not wrap */

/* Memory attributes, UEFI 2.10, 7.2.3. */
#define ATTRIBUTE_WB BIT(3)
#define ATTRIBUTE_SP BIT(18) /* specific purpose: not for general use */

#define SYSTEM_TABLE_SIGNATURE 0x5453595320494249ull /* "IBI SYST" */
#define SYSTEM_TABLE_SIZE      120
#define OFF_TABLE_COUNT        104
#define OFF_TABLES             112
#define CONFIG_ENTRY_SIZE      24
#define CONFIG_ENTRIES_MAX     4096

static const uint8_t guid_acpi_20[16] = {0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
                                         0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};
static const uint8_t guid_acpi_10[16] = {0x30, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11,
                                         0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d};
/* EFI_DTB_TABLE_GUID (UEFI 2.10, 4.6.1.3). */
static const uint8_t guid_device_tree[16] = {0xd5, 0x21, 0xb6, 0xb1, 0x9c, 0xf1, 0xa5, 0x41,
                                             0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0};

/* Index: EFI_MEMORY_TYPE. Boot-services memory is free after ExitBootServices (table 7.10). */
static const uint8_t memory_types[] = {
    HOST_MEM_RESERVED,     /* EfiReservedMemoryType */
    HOST_MEM_LOADER,       /* EfiLoaderCode */
    HOST_MEM_LOADER,       /* EfiLoaderData */
    HOST_MEM_LOADER,       /* EfiBootServicesCode */
    HOST_MEM_LOADER,       /* EfiBootServicesData */
    HOST_MEM_RESERVED,     /* EfiRuntimeServicesCode */
    HOST_MEM_RESERVED,     /* EfiRuntimeServicesData */
    HOST_MEM_USABLE,       /* EfiConventionalMemory */
    HOST_MEM_RESERVED,     /* EfiUnusableMemory */
    HOST_MEM_ACPI_RECLAIM, /* EfiACPIReclaimMemory */
    HOST_MEM_ACPI_NVS,     /* EfiACPIMemoryNVS */
    HOST_MEM_MMIO,         /* EfiMemoryMappedIO */
    HOST_MEM_MMIO,         /* EfiMemoryMappedIOPortSpace */
    HOST_MEM_RESERVED,     /* EfiPalCode */
    HOST_MEM_PERSISTENT,   /* EfiPersistentMemory */
    HOST_MEM_RESERVED,     /* EfiUnacceptedMemoryType */
};

int efi_memory_map_parse(struct fw_builder *b, uint64_t address, uint64_t size, uint64_t descriptor_size)
{
    const uint8_t *map;

    if (descriptor_size < DESCRIPTOR_SIZE_MIN || descriptor_size > size)
        return -EINVAL;
    map = phys_map(b->reader, address, size);
    if (map == NULL)
        return -EINVAL;
    for (uint64_t at = 0; size - at >= descriptor_size; at += descriptor_size) {
        uint32_t number = get_u32(map + at);
        uint64_t base = get_u64(map + at + 8);
        uint64_t pages = get_u64(map + at + 24);
        uint64_t attributes = get_u64(map + at + 32);
        enum host_memory_type type = HOST_MEM_RESERVED;
        int error;

        if (number < ARRAY_SIZE(memory_types))
            type = (enum host_memory_type)memory_types[number];
        if (type == HOST_MEM_USABLE && ((attributes & ATTRIBUTE_SP) || !(attributes & ATTRIBUTE_WB)))
            type = HOST_MEM_RESERVED;
        if (pages >= PAGES_MAX) {
            fw_warn(b, "EFI memory map: %#llx pages at %#llx cannot be, ignored", (unsigned long long)pages,
                    (unsigned long long)base);
            continue;
        }
        error = fw_range_add(b, base, pages << PAGE_SHIFT, type);
        if (error)
            return error;
    }
    return 0;
}

void efi_system_table_parse(struct fw_builder *b, uint64_t address)
{
    const uint8_t *table = phys_map(b->reader, address, SYSTEM_TABLE_SIZE);
    uint64_t count;
    const uint8_t *entry;

    if (table == NULL || get_u64(table) != SYSTEM_TABLE_SIGNATURE) {
        fw_warn(b, "EFI system table at %#llx is not one, ignored", (unsigned long long)address);
        return;
    }
    b->info->efi_system_table = hpa(address);
    count = MIN(get_u64(table + OFF_TABLE_COUNT), (uint64_t)CONFIG_ENTRIES_MAX);
    entry = phys_map(b->reader, get_u64(table + OFF_TABLES), count * CONFIG_ENTRY_SIZE);
    for (uint64_t i = 0; entry && i < count; i++, entry += CONFIG_ENTRY_SIZE) {
        /* The 1.0 pointer only when there is no 2.0 one. */
        if (memcmp(entry, guid_acpi_20, 16) == 0 ||
            (memcmp(entry, guid_acpi_10, 16) == 0 && !hpa_valid(b->info->rsdp)))
            b->info->rsdp = hpa(get_u64(entry + 16));
        if (memcmp(entry, guid_device_tree, 16) == 0)
            b->device_tree = get_u64(entry + 16);
    }
}

static int modules_parse(struct fw_builder *b, const struct efi_handover *h)
{
    for (uint32_t i = 0; i < h->module_count; i++) {
        struct efi_handover_module m;
        const char *name;
        int error;

        if (!phys_copy(b->reader, h->modules + (uint64_t)i * sizeof(m), &m, sizeof(m)))
            return -EINVAL;
        name = m.name ? phys_string(b->reader, b->arena, m.name) : NULL;
        error = fw_blob_add(b, m.base, m.size, name, "initrd", m.unpack != 0);
        if (error)
            return error;
    }
    return 0;
}

int bootinfo_efi_parse(struct fw_builder *b, uint64_t address)
{
    struct efi_handover h;
    const char *text;
    int error;

    if (!phys_copy(b->reader, address, &h, sizeof(h)) || h.magic != EFI_HANDOVER_MAGIC)
        return -EINVAL;
    b->info->firmware = HOST_FW_UEFI;
    b->info->loader = "EFI";
    b->info->boot_time_seconds = h.time_seconds;
    text = h.warning ? phys_string(b->reader, b->arena, h.warning) : NULL;
    if (text)
        fw_warn(b, "%.256s", text);
    efi_system_table_parse(b, h.system_table);
    text = h.cmdline ? phys_string(b->reader, b->arena, h.cmdline) : NULL;
    error = fw_cmdline_set(b, text, false);
    if (!error)
        error = modules_parse(b, &h);
    return error ? error : efi_memory_map_parse(b, h.memory_map, h.memory_map_size, h.descriptor_size);
}
