# SPDX-License-Identifier: BSD-2-Clause
agent-files := agent auth boot_images digest embedded image_json json_out query request_stats text time_text tokens \
	resources/actions resources/capabilities resources/documents resources/events resources/health resources/host \
	resources/image_content resources/image_upload resources/images resources/log resources/metrics
src-$(CONFIG_NET) += $(patsubst %,net/agent/%.c,$(agent-files))
# The JSON reader handles doubles.
fpu-$(CONFIG_NET) += net/agent/json_in.c

cmd-EMBED = $(PYTHON) net/agent/embed.py $< $@
$(O)/gen/openapi.json: net/agent/openapi.json net/agent/embed.py FORCE
	$(call build,EMBED)
$(O)/gen/index.html: net/agent/index.html net/agent/embed.py FORCE
	$(call build,EMBED)
-include $(O)/gen/openapi.json.d $(O)/gen/index.html.d

cflags-net/agent/embedded.c = -DOPENAPI_FILE='"$(O)/gen/openapi.json"' -DINDEX_FILE='"$(O)/gen/index.html"'
$(OBJ)/net/agent/embedded.o: $(O)/gen/openapi.json $(O)/gen/index.html
