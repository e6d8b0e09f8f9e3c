# SPDX-License-Identifier: BSD-2-Clause
# src-y += core/dir/file.c                  always; src-$(CONFIG_X) += ... when the option is set
# fpu-y += ...                            may use SSE: runs only on threads that have an FPU context
# cflags-core/dir/file.c := -flag           for one file
# Fragments core/*/build.mk and core/*/*/build.mk are read too.
