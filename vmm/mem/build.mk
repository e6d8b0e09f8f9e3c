# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_VMM) += vmm/mem/fault.c vmm/mem/gmem.c
