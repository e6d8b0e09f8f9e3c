/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_ELF_H
#define VMM_LOAD_ELF_H

#include "loader.h"

/* ELF executables (System V ABI, chapters 4 and 5), both classes, as far as boot protocols use them. */

/* Kernels have three or four; the limit keeps the check for overlaps short. */
#define ELF_SEGMENTS_MAX 32

struct elf_segment {
    uint64_t offset, file_size;
    uint64_t address, memory_size; /* physical */
    uint64_t virtual_address;
};

struct elf_image {
    bool is_64bit;
    bool has_pvh;
    uint64_t entry;     /* as the header says: often virtual */
    uint64_t pvh_entry; /* physical */
    uint64_t base, end; /* around all segments in memory */
    unsigned segment_count;
    struct elf_segment segments[ELF_SEGMENTS_MAX];
};

must_check int elf_recognise(struct loader *l, bool *is_elf);

/* Headers and notes; the segments lie in the file, do not wrap and do not overlap. */
must_check int elf_read(struct loader *l, struct elf_image *elf);

/* Puts the segments into RAM (an error where there is none) and takes the space. */
must_check int elf_load(struct loader *l, const struct elf_image *elf);

/* The physical address lies in a segment. */
bool elf_holds(const struct elf_image *elf, uint64_t address);

/* e_entry as a physical address: virtual by the ABI, physical in some kernels. False: in no segment. */
bool elf_entry_physical(const struct elf_image *elf, uint64_t *entry);

#endif
