/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/build_info.h>

/* The build passes BUILD_VERSION and BUILD_CONFIG (a path) to this file alone: it is remade with every
 * commit. */
const char build_version[] = BUILD_VERSION;

#ifdef __clang__
const char build_compiler[] = __VERSION__;
#else
const char build_compiler[] = "gcc " __VERSION__;
#endif

__asm__(".section .rodata.build_config, \"a\"\n"
        ".balign 4\n"
        ".globl build_config_size\n.hidden build_config_size\n"
        "build_config_size: .long build_config_end - build_config\n"
        ".globl build_config\n.hidden build_config\n"
        "build_config: .incbin \"" BUILD_CONFIG "\"\n"
        "build_config_end:\n"
        ".previous\n");
