# SPDX-License-Identifier: BSD-2-Clause
src-y += $(patsubst %,core/lib/%.c,chacha checksum cmdline event frame random)
