# SPDX-License-Identifier: BSD-2-Clause
fuzz-y += http_parse http_uri http_conn
fuzz-http_parse-src := $(patsubst %,net/http/%.c,parse field chunked str chars)
fuzz-http_uri-src := $(patsubst %,net/http/%.c,uri str range chars)
fuzz-http_conn-src := $(patsubst %,net/http/%.c,$(http-sources))
