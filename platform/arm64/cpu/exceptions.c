/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/sysreg.h>
#include <core/cpu.h>
#include <core/panic.h>
#include <core/thread.h>
#include <core/vmap.h>

#include "cpu.h"

noreturn_fn void exception_dispatch(struct trap_frame *frame, unsigned kind);

/* ESR_EL2.EC of exceptions that EL2 can take from itself: Arm ARM, D24.2.40. */
static const char *class_name(unsigned class)
{
    switch (class) {
    case 0x00:
        return "undefined instruction";
    case 0x07:
        return "FP or SIMD not allowed";
    case 0x0e:
        return "illegal execution state";
    case 0x18:
        return "system register not allowed";
    case 0x19:
        return "SVE not allowed";
    case 0x21:
        return "instruction abort";
    case 0x22:
        return "PC alignment";
    case 0x25:
        return "data abort";
    case 0x26:
        return "SP alignment";
    case 0x2f:
        return "SError";
    case 0x3c:
        return "breakpoint instruction";
    default:
        return "synchronous exception";
    }
}

#define CLASS_INSTRUCTION_ABORT 0x21
#define CLASS_DATA_ABORT        0x25

/* ISS of aborts, the fault status code: its low two bits are the level (D24.2.40, "DFSC"). */
static const char *fault_name(uint64_t iss)
{
    switch (iss & 0x3c) {
    case 0x00:
        return "address size";
    case 0x04:
        return "not mapped";
    case 0x08:
        return "access flag";
    case 0x0c:
        return "not allowed";
    case 0x10:
    case 0x14:
        return "external abort";
    case 0x20:
        return "misaligned, or another fault";
    default:
        return "other fault";
    }
}

static void print_abort(const struct trap_frame *f, unsigned class)
{
    const char *access = class == CLASS_INSTRUCTION_ABORT ? "execution" : f->esr & BIT(6) ? "write" : "read";

    panic_line("%s of %016llx: %s", access, (unsigned long long)f->far, fault_name(f->esr));
    if (stack_guard_hit(f->far))
        panic_line("stack overflow: the access hit a guard page");
}

static void print_registers(const struct trap_frame *f)
{
    panic_line("pc  %016llx  sp  %016llx  pstate %08llx  esr %010llx", (unsigned long long)f->pc,
               (unsigned long long)f->sp, (unsigned long long)f->pstate, (unsigned long long)f->esr);
    for (unsigned i = 0; i < 30; i += 3)
        panic_line("x%-2u %016llx  x%-2u %016llx  x%-2u %016llx", i, (unsigned long long)f->x[i], i + 1,
                   (unsigned long long)f->x[i + 1], i + 2, (unsigned long long)f->x[i + 2]);
    panic_line("x30 %016llx  far %016llx", (unsigned long long)f->x[30], (unsigned long long)f->far);
    panic_line("hcr %016llx  sctlr %016llx  ttbr0 %016llx", (unsigned long long)arch_sysreg_read(hcr_el2),
               (unsigned long long)arch_sysreg_read(sctlr_el2),
               (unsigned long long)arch_sysreg_read(ttbr0_el2));
}

/* A host exception is a bug of ours or dead hardware: print everything, then act by policy. */
void exception_dispatch(struct trap_frame *frame, unsigned kind)
{
    static const char *const kinds[] = {
        [TRAP_SYNC] = NULL,
        [TRAP_SERROR] = "SError",
        [TRAP_FIQ] = "FIQ",
        [TRAP_LOWER_EL] = "exception from a lower level",
        [TRAP_WRONG_STACK] = "exception on SP_EL0",
    };
    unsigned class = (unsigned)FIELD(frame->esr, 31, 26);

    panic_enter();
    panic_line("exception %#x (%s) on CPU %u in thread %s", class,
               kinds[kind] ? kinds[kind] : class_name(class), cpu_id(), thread_name(thread_self()));
    if (kind == TRAP_SYNC && (class == CLASS_DATA_ABORT || class == CLASS_INSTRUCTION_ABORT))
        print_abort(frame, class);
    print_registers(frame);
    panic_backtrace(frame->pc, frame->x[29]);
}
