# SPDX-License-Identifier: BSD-2-Clause
# Pure: tests/unit/decode.mk takes the same list.
decode-src := $(patsubst %,vmm/x86/decode/%.c,decode extended fix groups map_one map_0f map_0f38)
src-$(CONFIG_ARCH_X86_64) += $(decode-src)
