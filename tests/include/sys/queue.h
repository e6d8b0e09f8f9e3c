/* SPDX-License-Identifier: BSD-2-Clause */
/* newlib's lists, for host programs: the host's own lack the _SAFE iterators. */
#include <stddef.h>
#include <sys/cdefs.h>
#ifndef __containerof
#define __containerof(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#endif
#include <libc/include/sys/queue.h>
