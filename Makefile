# SPDX-License-Identifier: BSD-2-Clause
# Basalt's build. Non-recursive; one output folder per board, so boards build side by side.
#
#   make [BOARD=x] [O=dir] [CC=clang-19] [V=1]     build $(O)/basalt.elf and $(O)/basalt.efi
#   make x_defconfig | menuconfig | olddefconfig | savedefconfig
#   make run | test | unit | fuzz-replay | fuzz | check | format | coverage | bench | notice | deps | clean
#
# The first build asks the Debian archive for packages and third-party source; later ones need no network.

MAKEFLAGS += -rR --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

defconfig-goal := $(filter %_defconfig,$(MAKECMDGOALS))
BOARD ?= $(or $(patsubst %_defconfig,%,$(firstword $(defconfig-goal))),qemu-q35-svm)
O     ?= build/$(BOARD)
OBJ   := $(O)/obj

FUZZ_CC := clang-19
# Debian's interpreter: Kconfiglib is a Debian package, and another python3 may come first on PATH.
PYTHON  := /usr/bin/python3
Q       := $(if $(V),,@)

all: $(O)/basalt.elf $(O)/basalt.efi $(O)/NOTICE

include scripts/build/config.mk
include scripts/build/rules.mk

# What needs no configuration must work when there is none yet, and must not make one.
ifneq ($(filter-out $(unconfigured-goals) $(defconfig-goal),$(or $(MAKECMDGOALS),all)),)
include $(O)/auto.mk build/third-party.mk
include scripts/build/tools.mk
include scripts/build/image.mk
include scripts/build/host.mk
include tests/guest/build.mk
include scripts/build/targets.mk
endif

.PHONY: all FORCE
FORCE:
