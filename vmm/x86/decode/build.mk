# SPDX-License-Identifier: BSD-2-Clause
# Pure: tests/unit/decode.mk takes the same list.
decode-src := $(patsubst %,vmm/x86/decode/%.c,decode extended fix groups map_one map_0f map_0f38)
emulate-src := $(patsubst %,vmm/x86/decode/%.c,emulate address operand flags string exchange bit stack xmm)
src-$(CONFIG_ARCH_X86_64) += $(decode-src) $(emulate-src)
# Vectorized packing of bytes into registers costs more than the byte stores that it saves.
cflags-vmm/x86/decode/decode.c := -fno-tree-slp-vectorize
