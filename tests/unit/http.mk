# SPDX-License-Identifier: BSD-2-Clause
http-src := $(patsubst %,net/http/%.c,$(http-sources))

unit-y += http_parse http_uri http_router
unit-http_parse-src := $(patsubst %,net/http/%.c,parse field chunked str chars)
unit-http_uri-src := $(patsubst %,net/http/%.c,uri str range status chars)
unit-http_router-src := $(patsubst %,net/http/%.c,router linked uri str chars)
unit-y += http_conn
unit-http_conn-src := $(http-src)
unit-y += http_body http_limits
unit-http_body-src := $(http-src)
unit-http_limits-src := $(http-src)
