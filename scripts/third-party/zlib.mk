# SPDX-License-Identifier: BSD-2-Clause
# zlib, as far as it unpacks: for kernels that are packed with gzip. Z_SOLO: no files, memory by
# callbacks, and nothing of the C library, so it brings its own copying.

zlib-src := $(patsubst %,$(ZLIB_DIR)/%.c,adler32 crc32 inffast inflate inftrees zutil)
inc-zlib := -isystem $(ZLIB_DIR) -DZ_SOLO -DNO_MEMCPY
ifeq ($(CONFIG_ARCH_ARM64),y)
src-$(CONFIG_VMM) += $(zlib-src)
endif

$(OBJ)/$(ZLIB_DIR)/%.o: room-flags = -w $(inc-zlib)
