# SPDX-License-Identifier: BSD-2-Clause
# What only arm64 guests have, besides the GIC (gicv3.mk).
devices-arm64-src = $(dev-src) $(dev-arm64-src) $(state-src) $(vm-clock-src) $(fake-src)

unit-y += smccc
unit-smccc-src := $(arm64-smccc-src)
unit-y += pl011
unit-pl011-src = $(devices-arm64-src)
unit-y += pl031
unit-pl031-src = $(devices-arm64-src)
load-arm64-test-src = $(load-arm64-src) vmm/load/loader.c vmm/load/space.c $(libfdt-src) $(zlib-src)
unit-y += load_arm64
unit-load_arm64-src = $(load-arm64-test-src)
unit-y += sysreg
unit-sysreg-src := $(arm64-sysreg-src)
unit-y += gzip
unit-gzip-src = vmm/load/gzip.c $(zlib-src)
unit-y += stage1
unit-stage1-src := vmm/arm64/stage1.c
unit-y += arm64_backend
unit-arm64_backend-src = $(backend-arm64-pure-src) core/sync/spinlock.c $(if $(CONFIG_DEBUG_LOCKS),core/sync/rank.c) $(fake-src)
# A template: the test instantiates it.
unit-y += pt_stage2
unit-pt_stage2-src :=
