/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_MULTIBOOT_H
#define VMM_LOAD_MULTIBOOT_H

#include "loader.h"

/* Places the modules and writes the information structure, at *info. */
must_check int multiboot_info_build(struct loader *l, uint64_t *info);

/* The memory map as coreboot's payloads look for it, at 0x500, if that is free. */
must_check int coreboot_table_build(struct loader *l);

#endif
