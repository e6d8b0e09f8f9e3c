/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux/x86 boot protocol's zero page (Linux Documentation/arch/x86/boot.rst and zero-page.rst): what
 * GRUB's linux command, QEMU -kernel, iPXE through our own setup code, and kexec hand over. Pure.
 */

#include "builder.h"
#include "phys.h"

#include <errno.h>
#include <stdio.h>

#define BOOT_PARAMS_SIZE   4096
#define HEADER_MAGIC       0x53726448u /* "HdrS" */
#define E820_ENTRY_SIZE    20
#define E820_TABLE_ENTRIES 128
#define SETUP_E820_EXT     1
#define SETUP_DATA_HEADER  16
#define SETUP_DATA_HOPS    256         /* a list that is longer is a loop */
#define EFI_SIGNATURE_64   0x34364c45u /* "EL64" */

enum {
    OFF_RSDP = 0x070,
    OFF_EXT_RAMDISK_IMAGE = 0x0c0,
    OFF_EXT_RAMDISK_SIZE = 0x0c4,
    OFF_EXT_CMDLINE = 0x0c8,
    OFF_EFI_SIGNATURE = 0x1c0,
    OFF_EFI_SYSTAB = 0x1c4,
    OFF_EFI_DESCRIPTOR_SIZE = 0x1c8,
    OFF_EFI_MAP = 0x1d0,
    OFF_EFI_MAP_SIZE = 0x1d4,
    OFF_EFI_SYSTAB_HIGH = 0x1d8,
    OFF_EFI_MAP_HIGH = 0x1dc,
    OFF_E820_COUNT = 0x1e8,
    OFF_MAGIC = 0x202,
    OFF_LOADER_TYPE = 0x210,
    OFF_RAMDISK_IMAGE = 0x218,
    OFF_RAMDISK_SIZE = 0x21c,
    OFF_CMDLINE = 0x228,
    OFF_SETUP_DATA = 0x250,
    OFF_E820_TABLE = 0x2d0,
};

static uint64_t get_split(const uint8_t *params, unsigned int low, unsigned int high)
{
    return get_u32(params + low) | (uint64_t)get_u32(params + high) << 32;
}

static int e820_table_parse(struct fw_builder *b, const uint8_t *table, size_t count)
{
    for (size_t i = 0; i < count; i++, table += E820_ENTRY_SIZE) {
        int error = fw_range_add_e820(b, get_u64(table), get_u64(table + 8), get_u32(table + 16));

        if (error)
            return error;
    }
    return 0;
}

/* More entries than fit into the page come in the setup_data list. */
static int setup_data_parse(struct fw_builder *b, uint64_t address)
{
    for (unsigned int hop = 0; address && hop < SETUP_DATA_HOPS; hop++) {
        const uint8_t *node = phys_map(b->reader, address, SETUP_DATA_HEADER);
        uint32_t length;
        const uint8_t *table;
        int error;

        if (node == NULL)
            break;
        length = get_u32(node + 12);
        if (get_u32(node + 8) == SETUP_E820_EXT) {
            table = phys_map(b->reader, address + SETUP_DATA_HEADER, length);
            error = table ? e820_table_parse(b, table, length / E820_ENTRY_SIZE) : 0;
            if (error)
                return error;
        }
        address = get_u64(node);
    }
    if (address)
        fw_warn(b, "boot_params: setup_data list is broken at %#llx, the rest is ignored",
                (unsigned long long)address);
    return 0;
}

static int memory_parse(struct fw_builder *b, const uint8_t *params, bool efi)
{
    uint64_t map = get_split(params, OFF_EFI_MAP, OFF_EFI_MAP_HIGH);
    size_t count = MIN(params[OFF_E820_COUNT], E820_TABLE_ENTRIES);
    int error;

    /* The EFI map says more than what the loader made of it. */
    if (efi && map) {
        error = efi_memory_map_parse(b, map, get_u32(params + OFF_EFI_MAP_SIZE),
                                     get_u32(params + OFF_EFI_DESCRIPTOR_SIZE));
        if (error != -EINVAL)
            return error;
        fw_warn(b, "boot_params: EFI memory map cannot be read, using E820");
    }
    error = e820_table_parse(b, params + OFF_E820_TABLE, count);
    return error ? error : setup_data_parse(b, get_u64(params + OFF_SETUP_DATA));
}

int bootinfo_linux_parse(struct fw_builder *b, uint64_t address)
{
    const uint8_t *params = phys_map(b->reader, address, BOOT_PARAMS_SIZE);
    uint64_t cmdline, ramdisk, ramdisk_size;
    char loader[48];
    bool efi;
    int error;

    if (params == NULL || get_u32(params + OFF_MAGIC) != HEADER_MAGIC)
        return -EINVAL;
    efi = get_u32(params + OFF_EFI_SIGNATURE) == EFI_SIGNATURE_64;
    b->info->firmware = efi ? HOST_FW_UEFI : HOST_FW_BIOS;
    snprintf(loader, sizeof(loader), "Linux boot protocol, loader type %#x", params[OFF_LOADER_TYPE]);
    b->info->loader = text_copy(b->arena, loader, strlen(loader));
    if (b->info->loader == NULL)
        return -ENOMEM;
    if (efi)
        efi_system_table_parse(b, get_split(params, OFF_EFI_SYSTAB, OFF_EFI_SYSTAB_HIGH));
    if (get_u64(params + OFF_RSDP)) /* protocol 2.14; zero before */
        b->info->rsdp = hpa(get_u64(params + OFF_RSDP));
    cmdline = get_split(params, OFF_CMDLINE, OFF_EXT_CMDLINE);
    error = fw_cmdline_set(b, cmdline ? phys_string(b->reader, b->arena, cmdline) : NULL, false);
    ramdisk = get_split(params, OFF_RAMDISK_IMAGE, OFF_EXT_RAMDISK_IMAGE);
    ramdisk_size = get_split(params, OFF_RAMDISK_SIZE, OFF_EXT_RAMDISK_SIZE);
    if (!error && ramdisk && ramdisk_size)
        error = fw_blob_add(b, ramdisk, ramdisk_size, NULL, "initrd", true);
    return error ? error : memory_parse(b, params, efi);
}
