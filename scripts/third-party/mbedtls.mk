# SPDX-License-Identifier: BSD-2-Clause
# Mbed TLS: SHA-256, SHA-1 for WebSocket handshakes, and constant-time comparison.

inc-mbedtls := -isystem $(MBEDTLS_DIR)/include -DMBEDTLS_CONFIG_FILE='"basalt_mbedtls.h"' -Iscripts/third-party
mbedtls-src := $(patsubst %,$(MBEDTLS_DIR)/library/%.c,sha256 sha1 platform_util constant_time)
src-$(CONFIG_NET) += $(mbedtls-src)

$(OBJ)/$(MBEDTLS_DIR)/%.o: room-flags = -w $(inc-mbedtls)
