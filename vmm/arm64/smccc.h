/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_SMCCC_H
#define VMM_ARM64_SMCCC_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * What a guest asks for by HVC and SMC: Arm DEN 0028 (SMCCC 1.1), DEN 0022 (PSCI 1.1), DEN 0098 (TRNG 1.0),
 * DEN 0057 (stolen time). Pure: a call goes in, what is to be done comes out; state is looked at and changed
 * by whoever does it.
 */
enum smccc_action_kind {
    SMCCC_RETURN,        /* answered */
    SMCCC_CPU_ON,        /* start vCPU `target` at `entry` with x0 = `context`; return a PSCI_* code */
    SMCCC_CPU_OFF,       /* this vCPU stops; does not return */
    SMCCC_SUSPEND,       /* wait as WFI does, then return PSCI_SUCCESS */
    SMCCC_AFFINITY_INFO, /* return 0: on, 1: off, 2: on pending, PSCI_INVALID_PARAMETERS: no such vCPU */
    SMCCC_SYSTEM_OFF,    /* the VM is switched off; does not return */
    SMCCC_SYSTEM_RESET,  /* the VM is reset; does not return */
    SMCCC_RANDOM,        /* `bits` bits of entropy: smccc_random_return() */
    SMCCC_PREDICTORS,    /* the CPU forgets what it has learnt of branches; return 0 */
    SMCCC_STOLEN_TIME,   /* return the address of this vCPU's stolen time record, or -1 */
};

/* Only what the kind of action needs is valid. */
struct smccc_action {
    uint32_t target; /* affinity: {Aff3, Aff2, Aff1, Aff0} */
    uint32_t bits;   /* SMCCC_RANDOM: 1..192, or 1..96 with is_32bit */
    bool is_32bit;   /* SMCCC_RANDOM: SMC32, so results are 32 bits each */
    uint64_t entry, context;
};

enum psci_status {
    PSCI_SUCCESS = 0,
    PSCI_NOT_SUPPORTED = -1,
    PSCI_INVALID_PARAMETERS = -2,
    PSCI_DENIED = -3,
    PSCI_ALREADY_ON = -4,
    PSCI_ON_PENDING = -5,
    PSCI_INTERNAL_FAILURE = -6,
    PSCI_NOT_PRESENT = -7,
    PSCI_DISABLED = -8,
    PSCI_INVALID_ADDRESS = -9,
};

/* Function identifiers of the architecture's own service: DEN 0028, "Arm Architecture Calls". */
#define SMCCC_VERSION       0x80000000U
#define SMCCC_ARCH_FEATURES 0x80000001U
#define SMCCC_WORKAROUND_1  0x80008000U
#define SMCCC_WORKAROUND_2  0x80007fffU
#define SMCCC_WORKAROUND_3  0x80003fffU

/* What SMCCC_ARCH_FEATURES says of the CPUs' workarounds: DEN 0028, "SMCCC_ARCH_WORKAROUND_1" and those
 * behind. */
enum smccc_workaround {
    SMCCC_WORKAROUND_UNKNOWN = -1, /* the guest must assume what it likes */
    SMCCC_WORKAROUND_CALL = 0,     /* the call does it */
    SMCCC_WORKAROUND_NOT_NEEDED = 1,
};

struct smccc_config {
    const enum smccc_workaround *workaround; /* [3]: SMCCC_ARCH_WORKAROUND_1 to _3 */
    bool has_random, has_stolen_time;
};

/* Bit 30 of a function's identifier: arguments are X registers; else, with SMC32, W registers (DEN
 * 0028E, 2.6 and 2.7).
 */
#define SMCCC_64BIT 0x40000000U

static inline uint64_t smccc_argument(const uint64_t x[4], unsigned n)
{
    return x[0] & SMCCC_64BIT ? x[n] : (uint32_t)x[n];
}

/*
 * `x` are the guest's x0 (function) to x3 (arguments): with SMCCC_RETURN they hold the answer then, and are
 * as they were otherwise. In place, since a call is often all that an exit is about. Context: any.
 */
enum smccc_action_kind smccc_handle(const struct smccc_config *config, uint64_t x[4],
                                    struct smccc_action *action);

static inline enum smccc_action_kind smccc_answer(uint64_t x[4], int64_t value)
{
    x[0] = (uint64_t)value;
    x[1] = x[2] = x[3] = 0;
    return SMCCC_RETURN;
}

/* The registers that return `entropy` (24 bytes): DEN 0098, 2.5. */
void smccc_random_return(const struct smccc_action *action, const uint8_t entropy[24], uint64_t x[4]);

#endif
