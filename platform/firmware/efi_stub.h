/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_EFI_STUB_H
#define FIRMWARE_EFI_STUB_H

#include "efi_handover.h"
#include "efi_source.h"
#include "handover.h"

/* Between the parts of the EFI stub. Context of all: boot services. */
#define STUB_MODULES 32

/* What outlives boot services, in one allocation: EfiLoaderData, outside the image's .bss. */
struct efi_stub {
    struct boot_handover boot;
    struct efi_handover efi;
    struct efi_handover_module modules[STUB_MODULES];
    efi_handle image;
    struct efi_system_table *system;
    struct efi_boot_services *services;
    struct efi_loaded_image *loaded;
    char *cmdline; /* pages */
    uint32_t cmdline_length;
    uint32_t cmdline_size;
    struct efi_source source;
};

/* The last one is what the host will report. */
void stub_warn(struct efi_stub *s, const char *text);

/* A module for the host; name and bytes stay where they are. */
void stub_module_add(struct efi_stub *s, const void *bytes, uint64_t size, const char *name, bool unpack);

/* Appends text[0, length) after a space. False: no memory, nothing changed. */
bool must_check stub_cmdline_append(struct efi_stub *s, const char *text, uint32_t length);

/* Options and modules from files beside the image; efi_companion.c. */
void stub_companions_take(struct efi_stub *s);

#endif
