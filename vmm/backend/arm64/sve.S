/* SPDX-License-Identifier: BSD-2-Clause */
/* SVE's registers: Z0 to Z31, P0 to P15, FFR, each as long as this CPU's vectors are (Arm ARM, B1.2.2). */

    .arch_extension sve

    .text
/* void arm64_sve_save(void *state) */
    .globl arm64_sve_save
arm64_sve_save:
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    str     z\n, [x0, #\n, mul vl]
    .endr
    addvl   x0, x0, #31
    addvl   x0, x0, #1
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    str     p\n, [x0, #\n, mul vl]
    .endr
    rdffr   p0.b
    str     p0, [x0, #16, mul vl]
    ldr     p0, [x0]
    ret

/* void arm64_sve_restore(const void *state) */
    .globl arm64_sve_restore
arm64_sve_restore:
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ldr     z\n, [x0, #\n, mul vl]
    .endr
    addvl   x0, x0, #31
    addvl   x0, x0, #1
    ldr     p0, [x0, #16, mul vl]
    wrffr   p0.b
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
    ldr     p\n, [x0, #\n, mul vl]
    .endr
    ret

/* unsigned arm64_sve_length(void): bytes of a vector. */
    .globl arm64_sve_length
arm64_sve_length:
    rdvl    x0, #1
    ret

    .section .note.GNU-stack, "", @progbits
