# SPDX-License-Identifier: BSD-2-Clause
# src-y += vmm/dir/file.c                  always; src-$(CONFIG_X) += ... when the option is set
# fpu-y += ...                            may use SSE: runs only on threads that have an FPU context
# cflags-vmm/dir/file.c := -flag           for one file
# Fragments vmm/*/build.mk and vmm/*/*/build.mk are read too.
