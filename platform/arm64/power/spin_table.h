/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ARM64_SPIN_TABLE_H
#define ARM64_SPIN_TABLE_H

#include <core/compiler.h>
#include <core/host_info.h>

struct secondary_args;

/*
 * Lets a CPU go that waits at its release address (HOST_CPU_START_RELEASE; Devicetree Specification
 * 0.4, 3.8.1; Linux Documentation/arch/arm64/booting.rst). args is cleaned to memory, and stays. False, after
 * a log line: the address cannot be mapped. Context: thread, CPUs are started one after the other.
 */
must_check bool spin_table_cpu_start(const struct host_cpu *cpu, const struct secondary_args *args);

#endif
