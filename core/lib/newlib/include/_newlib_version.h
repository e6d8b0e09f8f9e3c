/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef _NEWLIB_VERSION_H__
#define _NEWLIB_VERSION_H__ 1

/* Follows the pin in scripts/third-party/pins. */
#define _NEWLIB_VERSION       "4.5.0"
#define __NEWLIB__            4
#define __NEWLIB_MINOR__      5
#define __NEWLIB_PATCHLEVEL__ 0

#endif
