# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_VMM) += vmm/mem/dirty.c vmm/mem/fault.c vmm/mem/gmem.c vmm/mem/hint.c vmm/mem/mapped.c vmm/mem/stage2.c
