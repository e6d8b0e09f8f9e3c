# SPDX-License-Identifier: BSD-2-Clause
# src-y += net/dir/file.c                  always; src-$(CONFIG_X) += ... when the option is set
# fpu-y += ...                            may use SSE: runs only on threads that have an FPU context
# cflags-net/dir/file.c := -flag           for one file
# Fragments net/*/build.mk and net/*/*/build.mk are read too.
