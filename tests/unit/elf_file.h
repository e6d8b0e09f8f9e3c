/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ELF_FILE_H
#define ELF_FILE_H

/* ELF kernels of a test, in the fixture's file `kernel`. */

#include "load_fixture.h"

#define ELF_FILE_SIZE 0x8000

/* One program header, in either class. */
struct elf_phdr {
    uint32_t type;
    uint64_t offset, virtual_address, address, file_size, memory_size;
};

static inline uint64_t elf_phdr_at(bool is_64bit, unsigned index)
{
    return is_64bit ? 64 + index * 56 : 52 + index * 32;
}

static inline void elf_phdr_put(bool is_64bit, unsigned index, const struct elf_phdr *p)
{
    uint64_t at = elf_phdr_at(is_64bit, index);

    file_u32(at, p->type);
    if (is_64bit) {
        file_u64(at + 8, p->offset);
        file_u64(at + 16, p->virtual_address);
        file_u64(at + 24, p->address);
        file_u64(at + 32, p->file_size);
        file_u64(at + 40, p->memory_size);
    } else {
        file_u32(at + 4, (uint32_t)p->offset);
        file_u32(at + 8, (uint32_t)p->virtual_address);
        file_u32(at + 12, (uint32_t)p->address);
        file_u32(at + 16, (uint32_t)p->file_size);
        file_u32(at + 20, (uint32_t)p->memory_size);
    }
}

static inline void elf_count(bool is_64bit, uint16_t count)
{
    file_u16(is_64bit ? 56 : 44, count);
}

/* An executable without program headers, its bytes distinct from 0x1000 on. */
static inline void elf_init(bool is_64bit, uint64_t entry)
{
    bytes_source_init(&kernel, "kernel.elf", ELF_FILE_SIZE);
    for (uint32_t i = 0x1000; i < ELF_FILE_SIZE; i += 4)
        file_u32(i, i * 0x9e3779b1);
    file_u32(0, 0x464c457f);
    file_u8(4, is_64bit ? 2 : 1);
    file_u8(5, 1);
    file_u8(6, 1);
    file_u16(16, 2);
    file_u16(18, is_64bit ? 62 : 3);
    file_u32(20, 1);
    if (is_64bit) {
        file_u64(24, entry);
        file_u64(32, 64);
        file_u16(54, 56);
    } else {
        file_u32(24, (uint32_t)entry);
        file_u32(28, 52);
        file_u16(42, 32);
    }
}

#endif
