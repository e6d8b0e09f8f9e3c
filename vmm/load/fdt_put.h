/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_FDT_PUT_H
#define VMM_LOAD_FDT_PUT_H

#include "arm64.h"
#include "loader.h"

#define FDT_SIZE_MAX MIB(2)

/* Makes the device tree and writes it to `at`, where guest_fdt_room() bytes of RAM are; refuses one of more
 * than FDT_SIZE_MAX. */
must_check int fdt_put(struct loader *l, const struct fdt_machine *machine, uint64_t at);

#endif
