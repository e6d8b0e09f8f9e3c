/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_ZBOOT_H
#define VMM_LOAD_ZBOOT_H

#include "load.h"

/*
 * A Linux EFI zboot program: an EFI application whose payload is a packed kernel. Firmware would run it to
 * unpack that; a loader takes the payload out. The header is described in Linux,
 * drivers/firmware/efi/libstub/zboot-header.S.
 */
#define ZBOOT_METHOD_MAX 32

struct zboot {
    struct load_source payload; /* reads from the program */
    const struct load_source *program;
    uint64_t offset;
    char method[ZBOOT_METHOD_MAX + 1]; /* how the payload is packed: "gzip", "zstd", ... */
};

/* Whether the source begins like one. */
bool zboot_recognise(const struct load_source *program);

/* `program` must live as long. -EINVAL: the header does not describe a part of it; -ENOEXEC: it names
 * no method of packing. Pure. */
must_check int zboot_open(const struct load_source *program, struct zboot *out);

#endif
