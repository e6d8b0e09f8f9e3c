# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_VMM) += vmm/mem/dirty.c vmm/mem/fault.c vmm/mem/gmem.c
