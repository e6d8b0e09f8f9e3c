/* SPDX-License-Identifier: BSD-2-Clause */
/* The image's program headers, for what begins each architecture's basalt.lds.S. */
#include "../include/platform/image.h"

/* clang-format off */
#define IMAGE_SEGMENTS           \
    text PT_LOAD FLAGS(5);       \
    rodata PT_LOAD FLAGS(4);     \
    data PT_LOAD FLAGS(6);       \
    dynamic PT_DYNAMIC FLAGS(6); \
    note PT_NOTE FLAGS(4);
