/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_EFI_ARCH_H
#define FIRMWARE_EFI_ARCH_H

/* What the EFI stub leaves to the architecture; platform/<arch>/boot/efi_arch.c. */

#include "efi.h"

/*
 * Takes from firmware what efi_arch_finish will need. Returns NULL, or why this machine's state cannot be
 * left for boot_entry64 to find what it expects. Context: boot services.
 */
const char *efi_arch_prepare(struct efi_boot_services *services);

/* Brings the processor to what boot_entry64 expects. Context: after ExitBootServices. */
void efi_arch_finish(void);

#endif
