# SPDX-License-Identifier: BSD-2-Clause
src-y += $(patsubst %,core/lib/%.c,chacha checksum cmdline cmdline_redact event frame random)
