/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in boot options. */

#include "builder.h"

const char builtin_cmdline[] = CONFIG_CMDLINE;
