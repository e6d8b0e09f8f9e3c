/* SPDX-License-Identifier: BSD-2-Clause */
/* Files beside the image on the TFTP server of a PXE boot (UEFI 2.10, 24.3). IPv4. */

#include <string.h>

#include "efi_config.h"
#include "efi_source.h"

static const struct efi_guid pxe_guid = {
    0x03c4e603, 0xac28, 0x11d3, {0x9a, 0x2d, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}};

static efi_status transfer(struct efi_source *self, uint32_t operation, const char *name, void *bytes,
                           uint64_t *size)
{
    return self->pxe.protocol->mtftp(self->pxe.protocol, operation, bytes, false, size, NULL,
                                     self->pxe.server, name, NULL, false);
}

static void *pxe_read(struct efi_source *self, const uint16_t *name, uint64_t max, uint64_t *size)
{
    char path[EFI_NAME_UNITS];
    uint64_t capacity;
    void *bytes;
    uint32_t i = 0;

    for (; i < EFI_NAME_UNITS - 1 && name[i]; i++)
        path[i] = (char)name[i];
    path[i] = '\0';
    *size = 0;
    if (transfer(self, EFI_PXE_TFTP_SIZE, path, NULL, size) != EFI_SUCCESS || *size > max)
        return NULL;
    capacity = *size + 1; /* an empty file would be no buffer at all */
    bytes = efi_pages_allocate(self->services, capacity);
    if (!bytes)
        return NULL;
    *size = capacity;
    /* The file may have changed in between: what it is now counts, if it fits. */
    if (transfer(self, EFI_PXE_TFTP_READ, path, bytes, size) == EFI_SUCCESS && *size < capacity)
        return bytes;
    efi_pages_free(self->services, bytes, capacity);
    return NULL;
}

/* Who named the file last counts most: a boot server, a proxy, the DHCP server. */
static bool boot_file_find(const struct efi_pxe_mode *mode, struct efi_boot_file *file)
{
    return (mode->has_pxe_reply && efi_dhcp_boot_file(mode->pxe_reply, EFI_PXE_PACKET_SIZE, file) == 0) ||
           (mode->has_proxy_offer && efi_dhcp_boot_file(mode->proxy_offer, EFI_PXE_PACKET_SIZE, file) == 0) ||
           (mode->has_dhcp_ack && efi_dhcp_boot_file(mode->dhcp_ack, EFI_PXE_PACKET_SIZE, file) == 0);
}

bool efi_pxe_open(struct efi_source *self)
{
    struct efi_boot_file file;
    struct efi_pxe *pxe = NULL;

    if (self->services->handle_protocol(self->loaded->device, &pxe_guid, (void **)&pxe) != EFI_SUCCESS ||
        !pxe->mode || !pxe->mode->is_started || pxe->mode->is_using_ipv6 || !boot_file_find(pxe->mode, &file))
        return false;
    self->pxe.protocol = pxe;
    memset(self->pxe.server, 0, sizeof(self->pxe.server));
    memcpy(self->pxe.server, file.server, sizeof(file.server));
    for (uint32_t i = 0; i <= file.length; i++)
        self->name[i] = (unsigned char)file.name[i];
    self->read = pxe_read;
    self->close = NULL;
    return true;
}
