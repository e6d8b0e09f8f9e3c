# SPDX-License-Identifier: BSD-2-Clause
fuzz-y += ws vm_config
fuzz-ws-src := $(patsubst %,net/agent/%.c,base64 ws_frame ws_handshake) $(mbedtls-src)
fuzz-vm_config-src := net/agent/vm_config.c core/image/name.c $(yyjson-src)
