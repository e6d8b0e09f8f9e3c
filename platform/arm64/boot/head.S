/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The image's header and its entries. Linux Documentation/arch/arm64/booting.rst: x0 = device tree, MMU off, the
 * image cleaned to the point of coherency; loaders that leave the MMU on (UEFI) run identity-mapped, which is all that
 * is taken for granted of them. scripts/build/mkimage.py writes sizes and the PE header into the first page.
 */
#include <arch/mmu.h>
#include <arch/sysreg.h>

#include "boot.h"

#define BOOT_KIND_FDT 5 /* platform/firmware/handover.h */
#define EL2 (2 << 2)

    .section .head, "a", @progbits
    .globl image_header
image_header:
    .inst   0xfa405a4d              /* ccmp x18, #0, #13, pl: its bytes begin with "MZ", and it does no harm */
    b       entry_linux
    .quad   0                       /* text_offset */
    .quad   0                       /* image_size: mkimage.py */
    .quad   0xa                     /* flags: little-endian, 4K pages, anywhere in memory */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0                       /* offset of the PE header: mkimage.py */

    .text
entry_linux:
    mov     x20, #BOOT_KIND_FDT
    mov     x21, x0
    b       entry_common

/* void boot_entry64(struct boot_handover *): from the EFI stub, after ExitBootServices. */
    .globl boot_entry64
boot_entry64:
    mov     x20, #0
    mov     x21, x0

entry_common:
    msr     daifset, #15
    mrs     x0, CurrentEL
    cmp     x0, #EL2
    b.ne    not_el2
    mrs     x0, sctlr_el2
    tbz     x0, #0, 1f
    /*
     * The MMU goes off: what was written through the caches, this image above all, has to be in memory. What lies
     * elsewhere (boot information) stays in the caches until it is read through them again.
     */
    adrp    x0, image_start
    adrp    x1, image_end
    bl      cache_clean_invalidate
    mrs     x0, sctlr_el2
    bic     x0, x0, #SCTLR_M
    bic     x0, x0, #SCTLR_C
    msr     sctlr_el2, x0
    isb
1:  bl      cpu_el2_setup
    /*
     * With the MMU off, data goes to memory past the caches: lines of this memory that a cache still has must neither be
     * written back over it nor be seen instead of it later.
     */
    bl      nobits_invalidate
    adrp    x0, boot_stack_top
    mov     sp, x0
    mov     x29, xzr
    bl      early_map_init          /* gives the root of its tables */
    mov     x22, x0
    bl      nobits_invalidate
    mov     x0, x22
    bl      cpu_mmu_on

    adrp    x0, bss_start
    adrp    x1, bss_end
2:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    2b
    adrp    x0, boot_stack_top
    mov     sp, x0
    bl      image_relocate
    mov     x0, x21
    cbz     x20, 3f
    adrp    x0, handover_linux
    add     x0, x0, :lo12:handover_linux
    stp     x20, x21, [x0]
3:  mov     x29, xzr
    mov     x30, xzr
    b       boot_main

not_el2:
    wfi
    b       not_el2

/* Removes [bss's unzeroed tail] from the caches; nothing there is worth writing back. */
nobits_invalidate:
    adrp    x0, bss_end
    adrp    x1, image_end
    mrs     x3, ctr_el0
    ubfx    x3, x3, #16, #4         /* DminLine: words of the smallest line, as a power of two */
    mov     x2, #4
    lsl     x2, x2, x3
    dmb     sy
1:  dc      ivac, x0
    add     x0, x0, x2
    cmp     x0, x1
    b.lo    1b
    dsb     sy
    ret

/* void cache_clean_invalidate(start, end): data cache, to the point of coherency. Uses x0 to x3. */
    .globl cache_clean_invalidate
cache_clean_invalidate:
    mrs     x3, ctr_el0
    ubfx    x3, x3, #16, #4
    mov     x2, #4
    lsl     x2, x2, x3
    sub     x3, x2, #1
    bic     x0, x0, x3
1:  dc      civac, x0
    add     x0, x0, x2
    cmp     x0, x1
    b.lo    1b
    dsb     sy
    ret

/*
 * What must be right before the MMU is on, on every CPU. E2H is clear where it can be, so that every CPU is used the
 * same way; where it reads as set nevertheless (no FEAT_E2H0), or the configuration wants it, the registers below have
 * the layout of EL1's (Arm ARM, D24.2: "When FEAT_VHE is implemented and HCR_EL2.E2H is 1"). Uses x0 to x2.
 */
    .globl cpu_el2_setup
cpu_el2_setup:
    ldr     x0, =HCR_HOST
#ifdef CONFIG_ARM64_VHE
    mrs     x1, id_aa64mmfr1_el1
    ubfx    x1, x1, #8, #4
    cbz     x1, 1f
    orr     x0, x0, #HCR_E2H
1:
#endif
    msr     hcr_el2, x0
    isb
    mrs     x2, hcr_el2
    mov     x0, #CPTR_EL2_NVHE
    mov     x1, #CPTR_EL2_VHE
    tst     x2, #HCR_E2H
    csel    x0, x0, x1, eq
    msr     cptr_el2, x0            /* FP and SIMD may be used; SVE and SME trap */
    msr     hstr_el2, xzr
    msr     cntvoff_el2, xzr
    msr     vttbr_el2, xzr
    mov     x0, #2                  /* IMASK: no timer yet */
    msr     cnthp_ctl_el2, x0
    isb
    ret

/* void cpu_mmu_on(root): MMU and caches on with the tables at root. Identity-mapped before and after. Uses x0 to x3. */
    .globl cpu_mmu_on
cpu_mmu_on:
    mrs     x1, id_aa64mmfr0_el1
    and     x1, x1, #15             /* PARange */
    mov     x2, #PARANGE_48BITS     /* more needs descriptors of another form */
    cmp     x1, x2
    csel    x1, x1, x2, lo
    mrs     x2, hcr_el2
    tst     x2, #HCR_E2H
    b.ne    1f
    ldr     x3, =TCR_EL2_NVHE
    orr     x3, x3, x1, lsl #TCR_EL2_NVHE_PS_SHIFT
    b       2f
1:  ldr     x3, =TCR_EL2_VHE
    orr     x3, x3, x1, lsl #TCR_EL2_VHE_IPS_SHIFT
2:  msr     tcr_el2, x3
    ldr     x1, =MAIR_VALUE
    msr     mair_el2, x1
    msr     ttbr0_el2, x0
    isb
    tlbi    alle2
    ic      iallu
    dsb     sy
    isb
    ldr     x1, =SCTLR_EL2_ON
    msr     sctlr_el2, x1
    isb
    ret

/*
 * void cpu_mmu_replace(root): the MMU is off in between, so that no address ever has two translations that differ in
 * the size of their block (Arm ARM, D8.16.1). Nothing but instructions is read meanwhile. Uses x0, x1.
 */
    .globl cpu_mmu_replace
cpu_mmu_replace:
    dsb     sy
    mrs     x1, sctlr_el2
    bic     x1, x1, #SCTLR_M
    msr     sctlr_el2, x1
    isb
    msr     ttbr0_el2, x0
    isb
    tlbi    alle2
    dsb     sy
    isb
    orr     x1, x1, #SCTLR_M
    msr     sctlr_el2, x1
    isb
    ret

/* Where PSCI starts a CPU: x0 = struct secondary_args at its physical address, MMU off. */
    .globl secondary_entry
secondary_entry:
    msr     daifset, #15
    mov     x19, x0
    mrs     x0, CurrentEL
    cmp     x0, #EL2
    b.ne    not_el2
    bl      cpu_el2_setup
    ldr     x0, [x19, #SECONDARY_ROOT]
    bl      cpu_mmu_on
    ldr     x0, [x19, #SECONDARY_STACK]
    mov     sp, x0
    ldr     x0, [x19, #SECONDARY_PERCPU]
    msr     tpidr_el2, x0
    mov     x29, xzr
    mov     x30, xzr
    b       secondary_main

/*
 * Where a CPU goes on that waited for its release address (Linux Documentation/arch/arm64/booting.rst): as above, but with
 * nothing in x0. The MMU is off: loads are in order and come from memory.
 */
    .globl secondary_pen_entry
secondary_pen_entry:
    msr     daifset, #15
    mrs     x1, mpidr_el1
    bic     x1, x1, #0xff000000     /* MPIDR_AFFINITY_MASK */
    and     x1, x1, #0xffffffffff
    adrp    x2, secondary_pen
    add     x2, x2, :lo12:secondary_pen
1:  ldr     x0, [x2, #PEN_MPIDR]
    cmp     x0, x1
    b.eq    2f
    wfe
    b       1b
2:  ldr     x0, [x2, #PEN_ARGS]
    b       secondary_entry

    .ltorg

    .data
    .balign 8
handover_linux:
    .skip   40
/* Alone in what can be the largest cache line (CTR_EL0.CWG): 2048 bytes. */
    .balign 2048
    .globl secondary_pen
secondary_pen:
    .quad   PEN_NOBODY, 0
    .balign 2048

    .section .boot_nobits, "aw", @nobits
    .balign 4096
early_state:
    .skip   EARLY_STATE_SIZE
    .globl early_state
    .globl boot_stack
boot_stack:
    .skip   16384
    .globl boot_stack_top
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
