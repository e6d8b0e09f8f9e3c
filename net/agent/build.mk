# SPDX-License-Identifier: BSD-2-Clause
agent-files := agent auth base64 boot_images digest embedded image_json json_out metric_head query request_stats text time_text tokens \
	resources/actions resources/capabilities resources/documents resources/events resources/health resources/host \
	resources/image_content resources/image_upload resources/images resources/log resources/metrics
src-$(CONFIG_NET) += $(patsubst %,net/agent/%.c,$(agent-files))
vm-agent-files := console_hub vms vm_config vm_json vm_request worker ws ws_frame ws_handshake \
	resources/vms resources/vm_actions resources/vm_console resources/vm_console_log \
	resources/vm_dirty_log resources/vm_metrics
src-$(CONFIG_VMM) += $(patsubst %,net/agent/%.c,$(filter-out vm_config,$(vm-agent-files)))
# The JSON reader handles doubles.
fpu-$(CONFIG_NET) += net/agent/json_in.c
fpu-$(CONFIG_VMM) += net/agent/vm_config.c

cmd-EMBED = $(PYTHON) net/agent/embed.py $@ $(filter %.json %.html,$^)
openapi-parts := openapi $(if $(CONFIG_VMM),openapi_vms)
$(O)/gen/openapi.json: $(patsubst %,net/agent/%.json,$(openapi-parts)) net/agent/embed.py FORCE
	$(call build,EMBED)
$(O)/gen/index.html: net/agent/index.html net/agent/embed.py FORCE
	$(call build,EMBED)
-include $(O)/gen/openapi.json.d $(O)/gen/index.html.d

cflags-net/agent/embedded.c = -DOPENAPI_FILE='"$(O)/gen/openapi.json"' -DINDEX_FILE='"$(O)/gen/index.html"'
$(OBJ)/net/agent/embedded.o: $(O)/gen/openapi.json $(O)/gen/index.html
