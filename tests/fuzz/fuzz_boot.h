/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_BOOT_H
#define FUZZ_BOOT_H

/*
 * Boot information out of the fuzzer's bytes: they are physical memory from FUZZ_BASE on, with the
 * information at its start. What comes out is checked against what host_info.h promises.
 */

#include "../../platform/firmware/phys.h"

#include <stdlib.h>

#define FUZZ_BASE 0x10000

const char builtin_cmdline[] = "";

struct fuzz_phys {
    struct phys_reader reader;
    const uint8_t *bytes;
    size_t size;
};

static inline const void *fuzz_map(const struct phys_reader *self, hpa_t address, size_t size)
{
    const struct fuzz_phys *f = container_of(self, const struct fuzz_phys, reader);
    uint64_t offset = address.v - FUZZ_BASE;

    return address.v >= FUZZ_BASE && offset < f->size && size <= f->size - offset ? f->bytes + offset : NULL;
}

/* A CPU is released in memory that is nobody's. */
static inline bool fuzz_release_is_right(const struct host_info *info, const struct host_cpu *cpu)
{
    if (!cpu->enabled || cpu->start != HOST_CPU_START_RELEASE)
        return true;
    for (size_t i = 0; i < info->memory_count; i++) {
        const struct host_memory_range *r = &info->memory[i];

        if (cpu->release.v >= r->base.v && cpu->release.v - r->base.v < r->size)
            return r->type == HOST_MEM_RESERVED && IS_ALIGNED(cpu->release.v, 8) &&
                   cpu->release.v >= PAGE_SIZE;
    }
    return false;
}

static inline void fuzz_check(const struct host_info *info)
{
    uint64_t end = 0;

    for (size_t i = 0; i < info->memory_count; i++) {
        const struct host_memory_range *r = &info->memory[i];

        if (r->size == 0 || !IS_ALIGNED(r->base.v | r->size, PAGE_SIZE) || r->base.v < end ||
            r->base.v + r->size < r->base.v || r->type >= HOST_MEM_TYPES || r->node >= info->node_count)
            abort();
        end = r->base.v + r->size;
    }
    for (size_t i = 0; i < info->module_count; i++) {
        if (info->modules[i].name == NULL || info->modules[i].cmdline == NULL ||
            info->modules[i].base.v + info->modules[i].size < info->modules[i].base.v)
            abort();
    }
    for (size_t i = 0; i < info->cpu_count; i++) {
        if (info->cpus[i].node >= info->node_count || !fuzz_release_is_right(info, &info->cpus[i]))
            abort();
    }
    if (info->cmdline == NULL || info->loader == NULL)
        abort();
}

static inline int fuzz_boot(uint64_t kind, const uint8_t *data, size_t size)
{
    static uint8_t memory[1 << 19];
    struct fuzz_phys f = {{fuzz_map}, data, size};
    struct boot_handover handover = {
        .kind = kind, .info = hpa(FUZZ_BASE), .image = hpa(0x200000), .image_size = 0x100000};
    struct host_info info;
    struct arena arena;

    arena_init(&arena, memory, sizeof(memory));
    if (host_info_build(&handover, &f.reader, &arena, &info) == 0) {
        fuzz_check(&info);
        host_info_apply_options(&info, &arena);
    }
    return 0;
}

#endif
