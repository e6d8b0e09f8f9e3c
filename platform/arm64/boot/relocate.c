/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/compiler.h>
#include <core/types.h>
#include <elf.h>

#include "boot.h"

/* Where the image was linked; its run-time address is that of the symbol, so the difference is the
 * displacement. */
#define LINK_BASE 0x200000ULL

extern const Elf64_Rela rela_start[], rela_end[];

/*
 * Applies the image's relative relocations. No pointer in static data is right before. The addend is absolute
 * at the link address, so a second run at the same place changes nothing (the EFI stub has relocated already
 * when it enters here).
 */
void image_relocate(void)
{
    uint64_t displacement = (uint64_t)image_start - LINK_BASE;

    for (const Elf64_Rela *rela = rela_start; rela < rela_end; rela++) {
        if (ELF64_R_TYPE(rela->r_info) == R_AARCH64_RELATIVE)
            *(uint64_t *)(rela->r_offset + displacement) = (uint64_t)rela->r_addend + displacement;
    }
}
