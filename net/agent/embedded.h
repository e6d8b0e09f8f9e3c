/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_EMBEDDED_H
#define AGENT_EMBEDDED_H

#include <stdint.h>

/* Files that the build puts into the image; not terminated. */
extern const char embedded_openapi[], embedded_index[];
extern const uint32_t embedded_openapi_size, embedded_index_size;

#endif
