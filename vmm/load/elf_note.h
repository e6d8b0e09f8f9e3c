/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_ELF_NOTE_H
#define VMM_LOAD_ELF_NOTE_H

#include "elf.h"

/* Looks for the PVH entry among the notes in [offset, offset + size) of the kernel's file. */
must_check int elf_notes_read(struct loader *l, struct elf_image *elf, uint64_t offset, uint64_t size);

#endif
