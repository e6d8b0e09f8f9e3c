/* SPDX-License-Identifier: BSD-2-Clause */
#include "spin_table.h"

#include <arch/dma.h>
#include <arch/mmu.h>
#include <core/log.h>
#include <core/vmap.h>

#include "../boot/boot.h"

_Static_assert(offsetof(struct secondary_pen, mpidr) == PEN_MPIDR, "head.S knows it");
_Static_assert(offsetof(struct secondary_pen, args) == PEN_ARGS, "head.S knows it");

/* CPUs with their caches off see it, in order: each call waits until the write is in memory. */
static void pen_write(volatile uint64_t *word, uint64_t value)
{
    *word = value;
    arch_dma_flush((const void *)word, sizeof(*word));
}

bool spin_table_cpu_start(const struct host_cpu *cpu, const struct secondary_args *args)
{
    /* Not through our caches: the CPUs that look at it do not use theirs, and firmware's lines must not stay.
     */
    volatile uint64_t *release =
        (volatile uint64_t *)mmio_map(cpu->release, sizeof(*release), MMIO_WRITE_COMBINING);

    if (release == NULL) {
        log_error("smp: the release address %#llx of the CPU with affinity %#llx cannot be mapped",
                  (unsigned long long)cpu->release.v, (unsigned long long)cpu->hardware_id);
        return false;
    }
    /* Nobody is called who might take the arguments of the one before. */
    pen_write(&secondary_pen.mpidr, (uint64_t)PEN_NOBODY);
    pen_write((volatile uint64_t *)&secondary_pen.args, (uint64_t)args);
    pen_write(&secondary_pen.mpidr, cpu->hardware_id);
    arch_dma_flush((const void *)release, sizeof(*release));
    pen_write(release, (uint64_t)secondary_pen_entry);
    __asm__ volatile("sev" ::: "memory");
    return true;
}
