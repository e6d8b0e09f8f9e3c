/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_EFI_SOURCE_H
#define FIRMWARE_EFI_SOURCE_H

/*
 * Where firmware read the image from, and the files beside it there: a volume, a TFTP or an HTTP server.
 * Context of all: boot services.
 */

#include "efi.h"
#include "efi_net.h"

#define EFI_NAME_UNITS 512

struct efi_source {
    struct efi_boot_services *services;
    struct efi_loaded_image *loaded;
    /* The image's own name: a path on the volume, a TFTP file name, a URL. */
    uint16_t name[EFI_NAME_UNITS];
    /*
     * A whole file in pages of its own, one byte more than its size at least. NULL: not there, not readable,
     * larger than max.
     */
    void *(*read)(struct efi_source *self, const uint16_t *name, uint64_t max, uint64_t *size);
    void (*close)(struct efi_source *self); /* NULL: nothing to do */
    union {
        struct efi_file *root;
        struct {
            struct efi_pxe *protocol;
            uint8_t server[16]; /* EFI_IP_ADDRESS */
        } pxe;
        struct {
            struct efi_device_path *path;
            struct efi_service_binding *binding;
            struct efi_http *protocol; /* during a read */
        } http;
    };
};

/* Each fills in what it needs, name, read and close; false: the image came another way. */
bool efi_volume_open(struct efi_source *self);
bool efi_pxe_open(struct efi_source *self);
bool efi_http_open(struct efi_source *self);

/* Whole pages, so that modules share none with anything else. NULL: none. */
void *efi_pages_allocate(struct efi_boot_services *services, uint64_t size);
void efi_pages_free(struct efi_boot_services *services, void *pages, uint64_t size);

#endif
