# SPDX-License-Identifier: BSD-2-Clause
# src-y += platform/dir/file.c                  always; src-$(CONFIG_X) += ... when the option is set
# fpu-y += ...                            may use SSE: runs only on threads that have an FPU context
# cflags-platform/dir/file.c := -flag           for one file
# Fragments platform/*/build.mk and platform/*/*/build.mk are read too.
src-y += platform/boot/main.c platform/boot/relocate.c platform/mm/paging.c
