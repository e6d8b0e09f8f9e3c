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
#define PSCI_LAST              0x8400001fU
#define SMCCC_64BIT            0x40000000U
#define SMCCC_VERSION          0x80000000U

#define VERSION_1_1     0x10001
#define TRUSTED_OS_NONE 2
#define RESET2_VENDOR   BIT(31)

/* Original format: StateID, StateType, AffinityLevel; the rest must be zero (5.4.2.1). */
#define POWER_STATE_VALID 0x0301ffffU

/* Aff3 is at bit 32 with SMC64, and there is none with SMC32 (5.1.4). */
#define MPIDR_VALID   0xff00ffffffULL
#define MPIDR_VALID32 0x00ffffffULL

static void answer(struct smccc_action *action, int64_t value)
{
    action->kind = SMCCC_RETURN;
    action->x[0] = (uint64_t)value;
}

/* False: reserved bits are set, so nobody has that affinity. */
static bool target_read(uint64_t mpidr, struct smccc_action *action)
{
    if (mpidr & ~(action->is_32bit ? MPIDR_VALID32 : MPIDR_VALID))
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
    case SMCCC_VERSION: /* how SMCCC 1.1 is found: DEN 0028, appendix C */
        return true;
    default:
        return false;
    }
}

static void cpu_on(const struct smccc_call *call, struct smccc_action *action)
{
    if (!target_read(call->x[1], action)) {
        answer(action, PSCI_INVALID_PARAMETERS);
        return;
    }
    /* Instructions are words; whether there is memory is the guest's business until it gets there. */
    if (call->x[2] & 3) {
        answer(action, PSCI_INVALID_ADDRESS);
        return;
    }
    action->kind = SMCCC_CPU_ON;
    action->entry = call->x[2];
    action->context = call->x[3];
}

/* Only single vCPUs have a state (level 0): 5.7. */
static void affinity_info(const struct smccc_call *call, struct smccc_action *action)
{
    if (call->x[2] != 0 || !target_read(call->x[1], action))
        answer(action, PSCI_INVALID_PARAMETERS);
    else
        action->kind = SMCCC_AFFINITY_INFO;
}

/* Any state may be replaced by standby, which WFI is. */
static void cpu_suspend(const struct smccc_call *call, struct smccc_action *action)
{
    if (call->x[1] & ~(uint64_t)POWER_STATE_VALID)
        answer(action, PSCI_INVALID_PARAMETERS);
    else
        action->kind = SMCCC_SUSPEND;
}

/* Type 0 is SYSTEM_WARM_RESET, others are the vendor's: 5.12. */
static void reset2(const struct smccc_call *call, struct smccc_action *action)
{
    if ((uint32_t)call->x[1] == 0)
        action->kind = SMCCC_SYSTEM_RESET;
    else
        answer(action, (call->x[1] & RESET2_VENDOR) ? PSCI_NOT_SUPPORTED : PSCI_INVALID_PARAMETERS);
}

/* Calls that have a 64-bit form, by number. */
#define NUMBER(function) ((function) - PSCI_VERSION)
#define HAS_64BIT                                                                                 \
    (BIT(NUMBER(PSCI_CPU_SUSPEND)) | BIT(NUMBER(PSCI_CPU_ON)) | BIT(NUMBER(PSCI_AFFINITY_INFO)) | \
     BIT(NUMBER(PSCI_SYSTEM_RESET2)))

bool psci_handle(uint32_t function, const struct smccc_call *call, struct smccc_action *action)
{
    uint32_t number = NUMBER(function & ~SMCCC_64BIT);

    if (number > NUMBER(PSCI_LAST))
        return false;
    if ((function & SMCCC_64BIT) && !(HAS_64BIT >> number & 1)) {
        answer(action, PSCI_NOT_SUPPORTED);
        return true;
    }
    switch (number) {
    case NUMBER(PSCI_VERSION):
        answer(action, VERSION_1_1);
        break;
    case NUMBER(PSCI_CPU_SUSPEND):
        cpu_suspend(call, action);
        break;
    case NUMBER(PSCI_CPU_OFF):
        action->kind = SMCCC_CPU_OFF;
        break;
    case NUMBER(PSCI_CPU_ON):
        cpu_on(call, action);
        break;
    case NUMBER(PSCI_AFFINITY_INFO):
        affinity_info(call, action);
        break;
    case NUMBER(PSCI_MIGRATE_INFO_TYPE):
        answer(action, TRUSTED_OS_NONE);
        break;
    case NUMBER(PSCI_SYSTEM_OFF):
        action->kind = SMCCC_SYSTEM_OFF;
        break;
    case NUMBER(PSCI_SYSTEM_RESET):
        action->kind = SMCCC_SYSTEM_RESET;
        break;
    case NUMBER(PSCI_FEATURES):
        answer(action, has_function((uint32_t)call->x[1]) ? PSCI_SUCCESS : PSCI_NOT_SUPPORTED);
        break;
    case NUMBER(PSCI_SYSTEM_RESET2):
        reset2(call, action);
        break;
    default:
        answer(action, PSCI_NOT_SUPPORTED);
        break;
    }
    return true;
}
