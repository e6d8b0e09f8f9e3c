/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware may run with five-level paging (UEFI 2.10, 2.3.4 leaves it open; recent EDK2 does so when the
 * processor can). The host uses four levels, and CR4.LA57 can only change while paging is off (Intel SDM vol.
 * 3A, 4.1.1; AMD APM vol. 2, 5.3), which means a detour through 32-bit code below 4 GiB.
 */
#include <platform/image.h>
#include <string.h>

#include "../../firmware/efi_arch.h"
#include "../../firmware/handover.h"

#define CR4_LA57      BIT(12)
#define ENTRY_ADDRESS MASK(51, 12)
#define LIMIT_32BIT   GIB(4)

/* Turns paging off and on again with pml4 as four-level root; code and pml4 below 4 GiB. la57.S */
void la57_leave(uint32_t pml4);

static uint64_t pml4_copy;

static bool is_five_level(void)
{
    uint64_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    return cr4 & CR4_LA57;
}

const char *efi_arch_prepare(struct efi_boot_services *services)
{
    if (!is_five_level())
        return NULL;
    if ((uint64_t)image_end > LIMIT_32BIT)
        return "basalt: five-level paging is on and the image lies above 4 GiB; cannot leave it\r\n";
    pml4_copy = LIMIT_32BIT - 1;
    if (services->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS, EFI_LOADER_DATA, 1, &pml4_copy) != EFI_SUCCESS)
        return "basalt: no page below 4 GiB to leave five-level paging with\r\n";
    return NULL;
}

/* The first 256 TiB of firmware's identity map are what entry 0 of its PML5 points to. */
void efi_arch_finish(void)
{
    const uint64_t *pml5;
    uint64_t cr3;

    if (!is_five_level())
        return;
    __asm__ volatile("cli; mov %%cr3, %0" : "=r"(cr3));
    pml5 = (const uint64_t *)(cr3 & ENTRY_ADDRESS);
    memcpy((void *)pml4_copy, (const void *)(pml5[0] & ENTRY_ADDRESS), PAGE_SIZE);
    la57_leave((uint32_t)pml4_copy);
}
