/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image as an EFI application: collects what UEFI knows while boot services last, ends them, and enters
 * the image as every other loader does. Errors before that go back to firmware, which tries its next boot
 * option. Context: firmware's, one CPU, identity-mapped memory (UEFI 2.10, 2.3.4).
 */

#include "efi_stub.h"

#include "efi_arch.h"
#include "efi_text.h"

#include <string.h>

#define MAP_SPARE     16 /* descriptors that the calls between asking and getting may add */
#define EXIT_ATTEMPTS 8

static const struct efi_guid loaded_image_guid = {
    0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const struct efi_guid load_file2_guid = {
    0x4006c0c1, 0xfcb3, 0x403e, {0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d}};

/* UEFI 2.10, 10.3.5.3; the GUID is LINUX_EFI_INITRD_MEDIA_GUID, 5568e427-68fc-4f3d-ac74-ca555231cc68. */
static const uint8_t initrd_path[] = {EFI_PATH_MEDIA,
                                      EFI_PATH_MEDIA_VENDOR,
                                      20,
                                      0,
                                      0x27,
                                      0xe4,
                                      0x68,
                                      0x55,
                                      0xfc,
                                      0x68,
                                      0x3d,
                                      0x4f,
                                      0xac,
                                      0x74,
                                      0xca,
                                      0x55,
                                      0x52,
                                      0x31,
                                      0xcc,
                                      0x68,
                                      EFI_PATH_END,
                                      EFI_PATH_END_ALL,
                                      4,
                                      0};

static uint64_t address_of(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

static void print(struct efi_system_table *system, const char *text)
{
    uint16_t wide[96];
    unsigned int n = 0;

    for (; *text && n < ARRAY_SIZE(wide) - 1; text++)
        wide[n++] = (uint16_t)*text;
    wide[n] = 0;
    if (system->console_out)
        system->console_out->output_string(system->console_out, wide);
}

void *efi_pages_allocate(struct efi_boot_services *services, uint64_t size)
{
    uint64_t address = 0;

    if (services->allocate_pages(EFI_ALLOCATE_ANY_PAGES, EFI_LOADER_DATA,
                                 ALIGN_UP(MAX(size, (uint64_t)1), PAGE_SIZE) / PAGE_SIZE,
                                 &address) != EFI_SUCCESS)
        return NULL;
    return (void *)(uintptr_t)address;
}

void efi_pages_free(struct efi_boot_services *services, void *pages, uint64_t size)
{
    services->free_pages(address_of(pages), ALIGN_UP(MAX(size, (uint64_t)1), PAGE_SIZE) / PAGE_SIZE);
}

void stub_warn(struct efi_stub *s, const char *text)
{
    s->efi.warning = address_of(text);
}

void stub_module_add(struct efi_stub *s, const void *bytes, uint64_t size, const char *name, bool unpack)
{
    if (s->efi.module_count == STUB_MODULES) {
        stub_warn(s, "EFI: more boot modules than there is room for, the last are ignored");
        return;
    }
    s->modules[s->efi.module_count++] =
        (struct efi_handover_module){address_of(bytes), size, address_of(name), unpack};
}

bool stub_cmdline_append(struct efi_stub *s, const char *text, uint32_t length)
{
    uint32_t size = s->cmdline_length + length + 2;

    if (size > s->cmdline_size) {
        char *bigger = efi_pages_allocate(s->services, size);

        if (bigger == NULL)
            return false;
        if (s->cmdline_length)
            memcpy(bigger, s->cmdline, s->cmdline_length);
        s->cmdline = bigger;
        s->cmdline_size = (uint32_t)ALIGN_UP(size, (uint32_t)PAGE_SIZE);
    }
    if (s->cmdline_length && length)
        s->cmdline[s->cmdline_length++] = ' ';
    memcpy(s->cmdline + s->cmdline_length, text, length);
    s->cmdline_length += length;
    s->cmdline[s->cmdline_length] = '\0';
    return true;
}

static void load_options_take(struct efi_stub *s)
{
    uint32_t size = s->loaded->load_options_size;
    char *text;
    int length;

    if (size == 0 || s->loaded->load_options == NULL)
        return;
    text = efi_pages_allocate(s->services, (uint64_t)size / 2 + 1);
    length = text ? efi_options_to_text(s->loaded->load_options, size, text) : 0;
    /* Sixteen bytes that are no text are the mark of firmware's own boot entries. */
    if (length < 0 && size != 16)
        stub_warn(s, "EFI load options are not text, ignored");
    if (length > 0 && !stub_cmdline_append(s, text, (uint32_t)length))
        stub_warn(s, "EFI: no memory for the load options, ignored");
}

/* What a loader offers as initrd (iPXE, GRUB, systemd-boot, QEMU): one blob, possibly an archive of modules.
 */
static void initrd_take(struct efi_stub *s)
{
    struct efi_device_path *path = (struct efi_device_path *)(uintptr_t)initrd_path;
    struct efi_load_file2 *loader = NULL;
    efi_handle handle;
    uint64_t size = 0;
    void *bytes;

    if (s->services->locate_device_path(&load_file2_guid, &path, &handle) != EFI_SUCCESS ||
        s->services->handle_protocol(handle, &load_file2_guid, (void **)&loader) != EFI_SUCCESS)
        return;
    if (loader->load_file(loader, path, false, &size, NULL) != EFI_BUFFER_TOO_SMALL || size == 0)
        return;
    bytes = efi_pages_allocate(s->services, size);
    if (bytes && loader->load_file(loader, path, false, &size, bytes) == EFI_SUCCESS) {
        stub_module_add(s, bytes, size, "initrd", true);
        return;
    }
    stub_warn(s, "EFI: the loader's initrd could not be loaded, ignored");
}

static efi_status memory_map_get(struct efi_stub *s, uint64_t capacity, uint64_t *key)
{
    uint32_t version;

    s->efi.memory_map_size = capacity;
    return s->services->get_memory_map(&s->efi.memory_map_size, (void *)(uintptr_t)s->efi.memory_map, key,
                                       &s->efi.descriptor_size, &version);
}

/*
 * 7.4.6: the key must be that of the latest map; firmware's own timers may change the map in between, and
 * after a first failed attempt nothing but GetMemoryMap may be called. So the buffer has room to spare from
 * the start.
 */
static efi_status boot_services_exit(struct efi_stub *s)
{
    uint64_t capacity, key;
    efi_status status = memory_map_get(s, 0, &key);

    if (status != EFI_BUFFER_TOO_SMALL)
        return status ? status : EFI_INVALID_PARAMETER;
    capacity = s->efi.memory_map_size + MAP_SPARE * s->efi.descriptor_size;
    s->efi.memory_map = address_of(efi_pages_allocate(s->services, capacity));
    if (s->efi.memory_map == 0)
        return EFI_OUT_OF_RESOURCES;
    capacity = ALIGN_UP(capacity, PAGE_SIZE);
    for (unsigned int attempt = 0; attempt < EXIT_ATTEMPTS; attempt++) {
        status = memory_map_get(s, capacity, &key);
        if (status != EFI_SUCCESS)
            break;
        status = s->services->exit_boot_services(s->image, key);
        if (status != EFI_INVALID_PARAMETER)
            break;
    }
    return status;
}

/* From efi_entry in SysV convention; returns to firmware only on failure. */
efi_status efi_main(efi_handle image, struct efi_system_table *system);

efi_status efi_main(efi_handle image, struct efi_system_table *system)
{
    struct efi_time time = {0};
    struct efi_stub *s = NULL;
    const char *obstacle;
    efi_status status = system->boot->allocate_pool(EFI_LOADER_DATA, sizeof(*s), (void **)&s);

    if (status != EFI_SUCCESS)
        return status;
    memset(s, 0, sizeof(*s));
    s->image = image;
    s->system = system;
    s->services = system->boot;
    s->efi.magic = EFI_HANDOVER_MAGIC;
    s->efi.system_table = address_of(system);
    s->efi.modules = address_of(s->modules);
    s->boot.kind = BOOT_KIND_EFI;
    s->boot.info = hpa(address_of(&s->efi));
    status = s->services->handle_protocol(image, &loaded_image_guid, (void **)&s->loaded);
    if (status != EFI_SUCCESS) {
        print(system, "basalt: firmware does not tell where it loaded us\r\n");
        return status;
    }
    if (system->runtime->get_time(&time, NULL) == EFI_SUCCESS)
        s->efi.time_seconds = efi_time_to_unix(&time);
    initrd_take(s);
    stub_companions_take(s);
    load_options_take(s); /* last: a later option wins */
    s->efi.cmdline = address_of(s->cmdline);
    obstacle = efi_arch_prepare(s->services);
    if (obstacle) {
        print(system, obstacle);
        return EFI_UNSUPPORTED;
    }
    status = boot_services_exit(s);
    if (status != EFI_SUCCESS) {
        /* Console output may be gone already, but then nothing is lost by trying. */
        print(system, "basalt: ExitBootServices failed\r\n");
        return status;
    }
    efi_arch_finish();
    boot_entry64(&s->boot);
}
