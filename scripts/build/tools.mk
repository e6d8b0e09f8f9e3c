# SPDX-License-Identifier: BSD-2-Clause
# Compiler and binutils of the configured architecture. What only other architectures need is installed when one of
# their boards is built: who builds for x86 needs no cross tools.

ifeq ($(CONFIG_ARCH_ARM64),y)
CROSS := aarch64-linux-gnu-
build/.deps-arm64.mk: scripts/build/deps.sh scripts/build/debsources.py $(wildcard /var/lib/dpkg/status)
	$(Q)scripts/build/deps.sh arm64
	@mkdir -p build && echo '# Cross tools are there.' > $@
include build/.deps-arm64.mk
endif

# make's own defaults (cc, ld) are no choice that anybody made; in a make started by make (-R) there are none.
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(CROSS)gcc
endif
ifneq ($(filter default undefined,$(origin LD)),)
LD := $(CROSS)ld
endif
NM      := $(CROSS)nm
OBJCOPY := $(CROSS)objcopy

CC_VERSION := $(shell $(CC) --version 2>/dev/null | head -n 1)
is-clang := $(findstring clang,$(CC_VERSION))
# One clang has all architectures.
target-arm64 := $(if $(is-clang),--target=aarch64-linux-gnu)
