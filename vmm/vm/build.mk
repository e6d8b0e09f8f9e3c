# SPDX-License-Identifier: BSD-2-Clause
src-y += vmm/vm/vm_clock.c
