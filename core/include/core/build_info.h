/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_BUILD_INFO_H
#define CORE_BUILD_INFO_H

#include <core/compiler.h>
#include <stddef.h>
#include <stdint.h>

/* What the build knows about the image, embedded in it. All constant; context: any. */

/* Version and commit, e.g. "0.1.0+1a2b3c4d5e6f" or "...-dirty". */
extern const char build_version[];
/* The compiler and its version. */
extern const char build_compiler[];
/* The configuration the image was built with: the text of .config, build_config_size bytes, not terminated.
 */
extern const char build_config[];
extern const uint32_t build_config_size;

/*
 * The ELF note with the linker's SHA-1 build id. The architecture's linker script defines the symbol, right
 * before *(.note.gnu.build-id).
 */
struct build_id_note {
    uint32_t name_size; /* 4: "GNU" */
    uint32_t id_size;   /* 20 */
    uint32_t type;      /* 3: NT_GNU_BUILD_ID */
    char name[4];
    uint8_t id[20];
};
extern const struct build_id_note build_id_note_start;

/*
 * The image's function symbols (scripts/build/ksyms.py): ksyms_count entries sorted by ksyms_offsets, each an
 * offset from image_start; the name of entry i is ksyms_names + ksyms_names_index[i].
 */
extern const uint32_t ksyms_count;
extern const uint32_t ksyms_offsets[];
extern const uint32_t ksyms_names_index[];
extern const char ksyms_names[];

#endif
