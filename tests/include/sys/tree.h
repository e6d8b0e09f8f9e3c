/* SPDX-License-Identifier: BSD-2-Clause */
/* newlib's balanced trees, for host programs (the host's C library has none). */
#include <sys/cdefs.h>
#ifndef __unused
#define __unused __attribute__((__unused__))
#endif
#ifndef __PERMIT_DEPRECATED_SYS_TREE_H
#define __PERMIT_DEPRECATED_SYS_TREE_H
#endif
#include <libc/include/sys/tree.h>
