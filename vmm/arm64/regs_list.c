/* SPDX-License-Identifier: BSD-2-Clause */
#include "../backend/backend.h"
#include "../vm/arch.h"
#include <vmm/vm.h>

/* A vCPU's registers by name, for whoever looks into a crash. */

static const char *const x_names[31] = {"x0",  "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",
                                        "x8",  "x9",  "x10", "x11", "x12", "x13", "x14", "x15",
                                        "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
                                        "x24", "x25", "x26", "x27", "x28", "x29", "x30"};

#define OTHERS 4 /* PC, PSTATE, and why it left the guest: ESR_EL2, FAR_EL2 */
_Static_assert(ARRAY_SIZE(x_names) + OTHERS + ARM64_EL1_REGS <= VM_REGISTERS_MAX, "all have room");

uint64_t vcpu_arch_pc(const struct vcpu *vcpu, const char **name)
{
    *name = "pc";
    return vcpu->arch.pc;
}

unsigned vcpu_arch_registers(struct vcpu *vcpu, struct vm_register *out)
{
    unsigned n = 0;

    out[n++] = (struct vm_register){"pc", NULL, vcpu->arch.pc};
    out[n++] = (struct vm_register){"pstate", NULL, vcpu->arch.pstate};
    for (unsigned i = 0; i < ARRAY_SIZE(x_names); i++)
        out[n++] = (struct vm_register){x_names[i], NULL, vcpu->arch.x[i]};
    out[n++] = (struct vm_register){"esr_el2", NULL, vcpu->arch.esr};
    out[n++] = (struct vm_register){"far_el2", NULL, vcpu->arch.far};
    for (unsigned i = 0; i < ARM64_EL1_REGS; i++)
        out[n++] =
            (struct vm_register){arm64_el1_names[i], NULL, backend_el1_get(vcpu, (enum arm64_el1_reg)i)};
    return n;
}
