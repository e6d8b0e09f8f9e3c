# SPDX-License-Identifier: BSD-2-Clause
src-y += core/image/name.c core/image/store.c core/image/extents.c
