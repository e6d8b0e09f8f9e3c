/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/layout.h>
#include <core/types.h>
#include <elf.h>
#include <platform/image.h>

extern const Elf64_Rela rela_start[], rela_end[];

/* The addend is absolute at the link address, so it does not matter that the EFI stub has relocated already
 * when it enters here. */
void image_relocate(void)
{
    uint64_t displacement = (uint64_t)image_start - IMAGE_LINK_BASE;

    for (const Elf64_Rela *rela = rela_start; rela < rela_end; rela++)
        if (ELF64_R_TYPE(rela->r_info) == ARCH_ELF_RELATIVE)
            *(uint64_t *)(rela->r_offset + displacement) = (uint64_t)rela->r_addend + displacement;
}
