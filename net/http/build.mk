# SPDX-License-Identifier: BSD-2-Clause
http-sources := body chars chunked conn dispatch exchange field input linked output parse problem range respond response router \
	server status str timer upgrade uri
src-$(CONFIG_NET) += $(patsubst %,net/http/%.c,$(http-sources))
