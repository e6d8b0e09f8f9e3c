# SPDX-License-Identifier: BSD-2-Clause
fuzz-y += smccc
fuzz-smccc-src := $(arm64-smccc-src)
fuzz-y += devices_arm64
fuzz-devices_arm64-src = $(devices-arm64-src)
fuzz-y += load_arm64
fuzz-load_arm64-src = $(load-arm64-test-src)
fuzz-y += sysreg
fuzz-sysreg-src := $(arm64-sysreg-src)
fuzz-y += gzip
fuzz-gzip-src = vmm/load/gzip.c $(zlib-src)
fuzz-y += arm64_esr
fuzz-arm64_esr-src :=
