/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/percpu.h>
#include <arch/sysreg.h>
#include <core/compiler.h>

#include "cpu.h"

static struct arch_percpu_head percpu_head_room in_section("percpu_head") keep_symbol;

/* What head.S has not done before there was C: vectors, and SErrors are let in to be reported where they
 * happen. */
void cpu_setup(void)
{
    arch_sysreg_write(vbar_el2, (uint64_t)vectors);
    arch_isb();
    __asm__ volatile("msr daifclr, #4" ::: "memory");
}
