/* SPDX-License-Identifier: BSD-2-Clause */
/* Files beside the image on the volume that firmware read it from (UEFI 2.10, 13.4 and 13.5). */

#include "efi_source.h"
#include "efi_text.h"

#define PATH_MAX_BYTES 4096

static const struct efi_guid file_system_guid = {
    0x964e5b22, 0x6459, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const struct efi_guid file_info_guid = {
    0x09576e92, 0x6d3f, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};

static bool file_size(struct efi_file *file, uint64_t *size)
{
    struct {
        struct efi_file_info info;
        uint16_t name[EFI_NAME_UNITS];
    } answer;
    uint64_t length = sizeof(answer);

    if (file->get_info(file, &file_info_guid, &length, &answer) != EFI_SUCCESS ||
        (answer.info.attributes & EFI_FILE_DIRECTORY))
        return false;
    *size = answer.info.file_size;
    return true;
}

static void *volume_read(struct efi_source *self, const uint16_t *name, uint64_t max, uint64_t *size)
{
    uint16_t path[EFI_NAME_UNITS];
    struct efi_file *file;
    void *bytes = NULL;
    uint32_t i = 0;

    for (; i < EFI_NAME_UNITS - 1 && name[i]; i++)
        path[i] = name[i] == '/' ? '\\' : name[i];
    path[i] = 0;
    if (self->root->open(self->root, &file, path, EFI_FILE_MODE_READ, 0) != EFI_SUCCESS)
        return NULL;
    if (file_size(file, size) && *size <= max) {
        uint64_t wanted = *size;

        bytes = efi_pages_allocate(self->services, wanted + 1);
        if (bytes && (file->read(file, size, bytes) != EFI_SUCCESS || *size != wanted)) {
            efi_pages_free(self->services, bytes, wanted + 1);
            bytes = NULL;
        }
    }
    file->close(file);
    return bytes;
}

static void volume_close(struct efi_source *self)
{
    self->root->close(self->root);
}

bool efi_volume_open(struct efi_source *self)
{
    struct efi_simple_file_system *volume = NULL;
    const struct efi_loaded_image *loaded = self->loaded;

    if (!loaded->file_path ||
        efi_path_file_name(loaded->file_path, PATH_MAX_BYTES, self->name, EFI_NAME_UNITS) == 0 ||
        self->services->handle_protocol(loaded->device, &file_system_guid, (void **)&volume) != EFI_SUCCESS ||
        volume->open_volume(volume, &self->root) != EFI_SUCCESS)
        return false;
    self->read = volume_read;
    self->close = volume_close;
    return true;
}
