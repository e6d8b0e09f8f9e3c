/* SPDX-License-Identifier: BSD-2-Clause */
#include "psci.h"

/* Function identifiers and return values: DEN 0022D, 5.1 and 5.2. */
#define PSCI_VERSION           0x84000000U
#define PSCI_CPU_SUSPEND       0x84000001U /* and SMC64 */
#define PSCI_CPU_OFF           0x84000002U
#define PSCI_CPU_ON            0x84000003U /* and SMC64 */
#define PSCI_AFFINITY_INFO     0x84000004U /* and SMC64 */
#define PSCI_MIGRATE_INFO_TYPE 0x84000006U
#define PSCI_SYSTEM_OFF        0x84000008U
#define PSCI_SYSTEM_RESET      0x84000009U
#define PSCI_FEATURES          0x8400000aU
#define PSCI_SYSTEM_RESET2     0x84000012U /* and SMC64 */
#define SMCCC_VERSION          0x80000000U

#define VERSION_1_1     0x10001
#define TRUSTED_OS_NONE 2
#define RESET2_VENDOR   BIT(31)

/* Original format: StateID, StateType, AffinityLevel; the rest must be zero (5.4.2.1). */
#define POWER_STATE_VALID 0x0301ffffU

/* Aff3 is at bit 32 with SMC64, and there is none with SMC32 (5.1.4). */
#define MPIDR_VALID   0xff00ffffffULL
#define MPIDR_VALID32 0x00ffffffULL

/* False: reserved bits are set, so nobody has that affinity. */
static bool target_read(const uint64_t x[4], struct smccc_action *action)
{
    uint64_t mpidr = smccc_argument(x, 1);

    if (mpidr & ~(x[0] & SMCCC_64BIT ? MPIDR_VALID : MPIDR_VALID32))
        return false;
    action->target = (uint32_t)(mpidr & 0xffffff) | (uint32_t)(mpidr >> 32) << 24;
    return true;
}

static bool has_function(uint32_t function)
{
    switch (function) {
    case PSCI_VERSION:
    case PSCI_CPU_OFF:
    case PSCI_MIGRATE_INFO_TYPE:
    case PSCI_SYSTEM_OFF:
    case PSCI_SYSTEM_RESET:
    case PSCI_FEATURES:
    case PSCI_CPU_SUSPEND:
    case PSCI_CPU_SUSPEND | SMCCC_64BIT:
    case PSCI_CPU_ON:
    case PSCI_CPU_ON | SMCCC_64BIT:
    case PSCI_AFFINITY_INFO:
    case PSCI_AFFINITY_INFO | SMCCC_64BIT:
    case PSCI_SYSTEM_RESET2:
    case PSCI_SYSTEM_RESET2 | SMCCC_64BIT:
    case SMCCC_VERSION: /* how SMCCC 1.1 is found: DEN 0028, "SMCCC_VERSION" */
        return true;
    default:
        return false;
    }
}

static enum smccc_action_kind cpu_on(uint64_t x[4], struct smccc_action *action)
{
    uint64_t entry = smccc_argument(x, 2);

    if (!target_read(x, action))
        return smccc_answer(x, PSCI_INVALID_PARAMETERS);
    /* Instructions are words; whether there is memory is the guest's business until it gets there. */
    if (entry & 3)
        return smccc_answer(x, PSCI_INVALID_ADDRESS);
    action->entry = entry;
    action->context = smccc_argument(x, 3);
    return SMCCC_CPU_ON;
}

/* Only single vCPUs have a state (level 0): 5.7. */
static enum smccc_action_kind affinity_info(uint64_t x[4], struct smccc_action *action)
{
    if (smccc_argument(x, 2) != 0 || !target_read(x, action))
        return smccc_answer(x, PSCI_INVALID_PARAMETERS);
    return SMCCC_AFFINITY_INFO;
}

/* Any state may be replaced by standby, which WFI is. */
static enum smccc_action_kind cpu_suspend(uint64_t x[4])
{
    if (smccc_argument(x, 1) & ~(uint64_t)POWER_STATE_VALID)
        return smccc_answer(x, PSCI_INVALID_PARAMETERS);
    return SMCCC_SUSPEND;
}

/* Type 0 is SYSTEM_WARM_RESET, others are the vendor's: 5.12. */
static enum smccc_action_kind reset2(uint64_t x[4])
{
    uint32_t type = (uint32_t)x[1];

    if (type == 0)
        return SMCCC_SYSTEM_RESET;
    return smccc_answer(x, type & RESET2_VENDOR ? PSCI_NOT_SUPPORTED : PSCI_INVALID_PARAMETERS);
}

/* Calls that have a 64-bit form, by number. */
#define NUMBER(function) ((function) - PSCI_FIRST)
#define HAS_64BIT                                                                                 \
    (BIT(NUMBER(PSCI_CPU_SUSPEND)) | BIT(NUMBER(PSCI_CPU_ON)) | BIT(NUMBER(PSCI_AFFINITY_INFO)) | \
     BIT(NUMBER(PSCI_SYSTEM_RESET2)))

enum smccc_action_kind psci_handle(uint64_t x[4], struct smccc_action *action)
{
    uint32_t number = NUMBER((uint32_t)x[0] & ~SMCCC_64BIT);

    if ((x[0] & SMCCC_64BIT) && !(HAS_64BIT >> number & 1))
        return smccc_answer(x, PSCI_NOT_SUPPORTED);
    switch (number) {
    case NUMBER(PSCI_VERSION):
        return smccc_answer(x, VERSION_1_1);
    case NUMBER(PSCI_CPU_SUSPEND):
        return cpu_suspend(x);
    case NUMBER(PSCI_CPU_OFF):
        return SMCCC_CPU_OFF;
    case NUMBER(PSCI_CPU_ON):
        return cpu_on(x, action);
    case NUMBER(PSCI_AFFINITY_INFO):
        return affinity_info(x, action);
    case NUMBER(PSCI_MIGRATE_INFO_TYPE):
        return smccc_answer(x, TRUSTED_OS_NONE);
    case NUMBER(PSCI_SYSTEM_OFF):
        return SMCCC_SYSTEM_OFF;
    case NUMBER(PSCI_SYSTEM_RESET):
        return SMCCC_SYSTEM_RESET;
    case NUMBER(PSCI_FEATURES):
        return smccc_answer(x, has_function((uint32_t)x[1]) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED);
    case NUMBER(PSCI_SYSTEM_RESET2):
        return reset2(x);
    default:
        return smccc_answer(x, PSCI_NOT_SUPPORTED);
    }
}
