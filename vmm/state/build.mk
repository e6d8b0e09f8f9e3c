# SPDX-License-Identifier: BSD-2-Clause
state-src := vmm/state/record.c vmm/state/stream.c
src-y += $(state-src)
