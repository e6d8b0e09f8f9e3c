/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef __NEWLIB_H__
#define __NEWLIB_H__

/*
 * What newlib's configure would decide, decided for a freestanding image: no locales, no multibyte, no
 * floating point in formats. Everything that newlib's newlib.hin names and that is absent here is off.
 */
#include <_newlib_version.h>

#define _MB_LEN_MAX          1
#define _ELIX_LEVEL          4
#define _WANT_IO_C99_FORMATS 1
#define _WANT_IO_LONG_LONG   1
/* struct _reent holds pointers that are filled on demand, instead of every function's static state. */
#define _WANT_REENT_SMALL 1
#define _HAVE_LONG_DOUBLE 1

#endif
