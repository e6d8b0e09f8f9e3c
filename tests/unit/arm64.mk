# SPDX-License-Identifier: BSD-2-Clause
# What only arm64 guests have, besides the GIC (gic.mk).
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
unit-y += layout
unit-layout-src := $(arm64-layout-src)
unit-y += gzip
unit-gzip-src = vmm/load/gzip.c $(zlib-src)
unit-y += stage1
unit-stage1-src := vmm/arm64/stage1.c
unit-y += arm64_backend
unit-arm64_backend-src = $(backend-arm64-pure-src) core/lib/cmdline.c core/sync/spinlock.c $(if $(CONFIG_DEBUG_LOCKS),core/sync/rank.c) $(fake-src)
# A template: the test instantiates it.
unit-y += pt_stage2
unit-pt_stage2-src :=
# Exits of arm64 guests, on a backend that runs nothing (tests/unit/arm64_vcpu.h).
arm64-exit-src := $(addprefix vmm/arm64/,caches.c call.c exit.c fault.c power.c stage1.c stolen.c) $(arm64-smccc-src) $(arm64-sysreg-src)
arm64-guest-inc := -Ivmm/arm64/include -Itests/unit/arm64
$(foreach mode,unit cov,$(eval $(O)/$(mode)/obj/vmm/arm64/%.o: host-cflags = $(arm64-guest-inc)))
unit-y += arm64_exit
unit-arm64_exit-src = $(arm64-exit-src) vmm/dev/bus.c $(fake-src)
unit-arm64_exit-cflags := $(arm64-guest-inc)
unit-y += caches
unit-caches-src = $(unit-arm64_exit-src)
unit-caches-cflags := $(arm64-guest-inc)
unit-y += arm64_power
unit-arm64_power-src = $(unit-arm64_exit-src)
unit-arm64_power-cflags := $(arm64-guest-inc)
