# SPDX-License-Identifier: BSD-2-Clause
# fuzz-y += name          tests/fuzz/fuzz_name.c, seeds in tests/fuzz/corpus/name/
# fuzz-name-src := ...    the sources it drives (how it works: scripts/build/host.mk)

fuzz-y += pci
fuzz-pci-src := $(addprefix platform/drivers/pci/,function.c bar.c enumerate.c assign.c) \
	platform/drivers/virtio/virtio_caps.c

fuzz-y += cmdline
fuzz-cmdline-src := core/lib/cmdline.c
fuzz-y += acpi
fuzz-acpi-src = $(firmware-src)
fuzz-y += multiboot
fuzz-multiboot-src = $(firmware-src)
fuzz-y += fdt
fuzz-fdt-src = $(firmware-arm64-src)
fuzz-y += atags
fuzz-atags-src = $(firmware-arm64-src)
fuzz-y += iort
fuzz-iort-src = $(firmware-arm64-src)
fuzz-y += bootparams
fuzz-bootparams-src = $(firmware-src)
fuzz-y += efi_text
fuzz-efi_text-src := platform/firmware/efi_text.c
fuzz-y += efi_config
fuzz-efi_config-src := platform/firmware/efi_config.c platform/firmware/efi_text.c

fuzz-y += agent
fuzz-agent-src := $(patsubst %,net/agent/%.c,base64 digest json_out text tokens) net/http/str.c net/lwip/port/ip_option.c \
	core/lib/cmdline_redact.c $(mbedtls-src) $(yyjson-src)
