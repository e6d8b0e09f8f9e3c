/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_DECODE_EMULATE_H
#define VMM_X86_DECODE_EMULATE_H

/*
 * Executes one decoded instruction on a copy of the guest's registers, with memory and ports behind
 * callbacks: for MMIO, string port I/O and writes to protected memory. Pure, like the decoder.
 *
 * The caller decodes, fills struct x86_emulator, calls x86_emulate(), and writes rip, rflags and gpr back.
 * What an instruction does to the vCPU besides is the caller's: after X86_EMULATE_DONE the interrupt shadow
 * ends, and a set RFLAGS.TF means a single-step #DB.
 */

#include "decode.h"

/* What a memory access is for; a fault's error code says so to the guest. */
enum x86_access {
    X86_ACCESS_READ,
    X86_ACCESS_WRITE,
    X86_ACCESS_READ_WRITE, /* the read of a read-modify-write: must fault if the write would */
};

#define X86_SEGMENT_TYPE_ACCESSED    BIT(0)
#define X86_SEGMENT_TYPE_WRITE       BIT(1) /* data: writable; code: readable */
#define X86_SEGMENT_TYPE_EXPAND_DOWN BIT(2) /* data */
#define X86_SEGMENT_TYPE_CODE        BIT(3)

#define X86_VECTOR_UD 6
#define X86_VECTOR_SS 12
#define X86_VECTOR_GP 13
#define X86_VECTOR_PF 14
#define X86_VECTOR_AC 17

/* An exception for the guest. */
struct x86_exception {
    uint8_t vector;
    bool has_error_code;
    uint32_t error_code;
    uint64_t address; /* #PF: what CR2 becomes */
};

struct x86_emulator;

/*
 * What the emulator reaches the machine through. All but `check_write` and the two of XMM must be there. An
 * int is 0 or a negative errno, which ends the instruction and which x86_emulate() returns; with -EFAULT the
 * callback has called x86_emulator_raise() first. Find the vCPU by container_of().
 *
 * Linear addresses are canonical; outside of 64-bit mode they have 32 bits. An access may cross a page, and
 * go from the last page on to address 0: both pages must then be looked at before anything is changed.
 */
struct x86_emulator_ops {
    int (*read)(struct x86_emulator *e, uint64_t linear, void *data, unsigned size, enum x86_access access);
    int (*write)(struct x86_emulator *e, uint64_t linear, const void *data, unsigned size);
    /* Stores next, atomically, if memory holds expected; else -EAGAIN. size: 1, 2, 4, 8, 16. MMIO: just
     * store. */
    int (*compare_exchange)(struct x86_emulator *e, uint64_t linear, const void *expected, const void *next,
                            unsigned size);
    /* Whether a write would succeed; asked before a port is read whose value nobody can read twice. */
    int (*check_write)(struct x86_emulator *e, uint64_t linear, unsigned size);
    /* Ports: size 1, 2 or 4. IOPL and the I/O permission map are the callback's, if the CPU has not looked
     * yet. */
    int (*port_read)(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t *value);
    int (*port_write)(struct x86_emulator *e, uint16_t port, unsigned size, uint32_t value);
    /* 64-bit mode asks for FS and GS alone (and any other's selector for MOV from it). */
    void (*segment)(struct x86_emulator *e, enum x86_seg number, struct x86_segment *segment);
    /* XMM registers as two halves; -ENOTSUP for the instruction without them. clear_upper: YMM, ZMM parts
     * too. */
    int (*xmm_read)(struct x86_emulator *e, unsigned number, uint64_t value[2]);
    int (*xmm_write)(struct x86_emulator *e, unsigned number, const uint64_t value[2], bool clear_upper);
};

struct x86_emulator {
    const struct x86_emulator_ops *ops;
    uint64_t *gpr; /* X86_GPRS of them, by enum x86_reg; may be where the vCPU keeps them */
    uint64_t rip;  /* of the instruction */
    uint64_t rflags;
    uint64_t cr0; /* PE, AM */
    uint64_t cr4; /* LA57 */
    enum x86_mode mode;
    uint8_t cpl;
    uint32_t repeat_max; /* elements of a string instruction per call; 0 is 1 */

    struct x86_exception exception; /* out, with -EFAULT */
};

#define X86_EMULATE_DONE 0
#define X86_EMULATE_MORE 1

/*
 * Executes *insn, which x86_decode() made of the bytes at e->rip in e->mode.
 *
 * X86_EMULATE_DONE: rip is behind the instruction.
 * X86_EMULATE_MORE: repeat_max elements of a string instruction are done and others remain; the registers say
 * which, rip is unchanged. Look for interrupts, then enter the guest or decode and call again. -EFAULT:
 * e->exception is to be injected. -EAGAIN: another CPU changed memory under a locked instruction: enter the
 *     guest, which tries again. -ENOTSUP: not an instruction for here. Others come from callbacks.
 * After an error rip, rflags and registers are as before, except that a repeated string instruction has
 * counted what it had completed. Callbacks are called at most 3 times per element. Context: the callbacks'.
 */
int x86_emulate(struct x86_emulator *e, const struct x86_insn *insn) must_check;

/*
 * Linear address of the memory operand of *insn, for an access of size bytes. 0, or -EFAULT with e->exception
 * set: segment limits and rights, canonical form and (at CPL 3 with AC) alignment are checked.
 */
int x86_operand_linear(struct x86_emulator *e, const struct x86_insn *insn, unsigned size,
                       enum x86_access access, uint64_t *linear) must_check;

/* Notes an exception for the guest and returns -EFAULT. Contributory exceptions have an error code, #UD has
 * none. */
int x86_emulator_raise(struct x86_emulator *e, uint8_t vector, uint32_t error_code);

/* The same for #PF. */
int x86_emulator_raise_pf(struct x86_emulator *e, uint64_t address, uint32_t error_code);

#endif
