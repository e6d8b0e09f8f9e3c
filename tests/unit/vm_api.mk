# SPDX-License-Identifier: BSD-2-Clause
# The agent's part that is about VMs, with VMs that are made up (tests/unit/vm_fake.h).
unit-y += ws
unit-ws-src := $(patsubst %,net/agent/%.c,base64 ws_frame ws_handshake) $(mbedtls-src)
unit-y += vm_config
unit-vm_config-src := net/agent/vm_config.c core/image/name.c $(yyjson-src)
unit-y += vm_api vm_console
unit-vm_api-src := $(filter-out net/agent/worker.c,$(patsubst %,net/agent/%.c,$(vm-agent-files))) \
	$(patsubst %,net/agent/%.c,base64 json_in json_out metric_head query text time_text) $(http-src) core/image/name.c \
	vmm/dev/console.c $(yyjson-src) $(mbedtls-src)
unit-vm_console-src := $(unit-vm_api-src)
