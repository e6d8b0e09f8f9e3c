# SPDX-License-Identifier: BSD-2-Clause
# The image: compile what the rooms list, link it twice (the second time with the symbol table of the first).

ARCH := $(CONFIG_ARCH)
src-y := core/lib/build_info.c
fpu-y :=

include $(foreach room,core platform vmm net,$(sort $(wildcard $(room)/build.mk $(room)/*/build.mk $(room)/*/*/build.mk)))
include $(sort $(wildcard scripts/third-party/*.mk))

# --- flags ---

flags-common := -std=gnu11 -O2 -g -fPIE -fvisibility=hidden -fno-common -fno-strict-aliasing -ffunction-sections \
	-fdata-sections -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-stack-protector \
	-ffile-prefix-map=$(O)=out -ffile-prefix-map=$(CURDIR)=. \
	-nostdinc -include $(O)/include/autoconf.h
flags-x86_64 := -mno-red-zone -fcf-protection=none
# Nothing but fpu-y may touch vector registers: exits and interrupts do not save them.
flags-nofpu-x86_64 := -mgeneral-regs-only
# x18 is the running thread (arch/percpu.h). No calls into libgcc for atomics. Symbols of other files are this image's
# own, which GCC has to be told, or it reaches them through a table of addresses.
flags-arm64 := $(target-arm64) -ffixed-x18 -mbranch-protection=none -mno-outline-atomics \
	-include platform/arm64/include/arch/hidden.h
flags-nofpu-arm64 := -mgeneral-regs-only
# Callbacks have parameters that one implementation does not need.
flags-warn := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wdate-time -D__PERMIT_DEPRECATED_SYS_TREE_H -Wno-unused-parameter \
	-Werror
ifneq ($(CONFIG_DEBUG),y)
flags-common += -DNDEBUG
endif

# Not -ffreestanding: that would stop the compiler from expanding memcpy and friends, which newlib provides.
# The compiler's own headers come first: newlib's <stdatomic.h> is for compilers that have none.
inc-libc := -isystem core/lib/newlib/include -isystem $(shell $(CC) -print-file-name=include 2>/dev/null) \
	-isystem $(NEWLIB_DIR)/newlib/libc/include

# Who sees which headers (DESIGN: rooms): the most specific pattern wins.
inc-core := -Icore/include -Iplatform/$(ARCH)/include
$(OBJ)/core/%.o:      room-flags = $(flags-warn) $(inc-core)
$(OBJ)/platform/%.o:  room-flags = $(flags-warn) $(inc-core) -Iplatform/include $(inc-libfdt)
# Of the VMM's architecture and backend, everybody sees what the linked one declares: <guest/...>, <backend/...>.
inc-vmm-x86_64 := -Ivmm/x86/include
inc-vmm-arm64 := -Ivmm/arm64/include
inc-vmm-$(CONFIG_BACKEND_SVM) += -Ivmm/backend/svm/include
inc-vmm-$(CONFIG_BACKEND_ARM64) += -Ivmm/backend/arm64/include
inc-vmm-$(CONFIG_HOST_GICV2) += -Ivmm/backend/arm64/gicv2
inc-vmm-$(CONFIG_HOST_GICV3) += -Ivmm/backend/arm64/gicv3
$(OBJ)/vmm/%.o:       room-flags = $(flags-warn) $(inc-core) -Ivmm/include $(inc-vmm-$(ARCH)) $(inc-vmm-y)
$(OBJ)/net/%.o:       room-flags = $(flags-warn) $(inc-core) -Inet/include $(inc-lwip)
$(OBJ)/net/agent/%.o: room-flags = $(flags-warn) $(inc-core) -Inet/include -Ivmm/include $(inc-yyjson) $(inc-mbedtls)

# --- compile ---

compile-flags = $(flags-common) $(flags-$(ARCH)) $(if $(filter $<,$(fpu-y)),,$(flags-nofpu-$(ARCH))) $(room-flags) $(inc-libc) \
	$(cflags-$<) $(CFLAGS)
cmd-CC = : "$(CC_VERSION)"; $(CC) $(compile-flags) -MD -MF $@.raw -c -o $@ $<
post-CC = $(fixdep)
cmd-AS = $(cmd-CC)
post-AS = $(fixdep)

sources := $(src-y) $(fpu-y)
objects := $(patsubst %,$(OBJ)/%.o,$(basename $(sources)))

$(OBJ)/%.o: %.c FORCE
	$(call build,CC)
$(OBJ)/%.o: %.S FORCE
	$(call build,AS)

# Only this file changes with every commit.
VERSION := $(file <VERSION)+$(shell git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null || echo unknown)
cflags-core/lib/build_info.c = -DBUILD_VERSION='"$(VERSION)"' -DBUILD_CONFIG='"$(O)/.config"'
$(OBJ)/core/lib/build_info.o: $(O)/.config

# --- link ---

cmd-LDS = $(CC) $(target-$(ARCH)) -E -P -x assembler-with-cpp $(inc-core) $(inc-libc) -nostdinc -include $(O)/include/autoconf.h \
	-MD -MF $@.raw -MT $@ -o $@ $<
post-LDS = $(fixdep)
$(O)/basalt.lds: platform/$(ARCH)/boot/basalt.lds.S FORCE
	$(call build,LDS)

# Without libgcc on purpose: what it would supply (128-bit division, soft float) does not belong in the image.
LDFLAGS := -pie -static --no-dynamic-linker -z text -z noexecstack -z max-page-size=4096 --gc-sections \
	--build-id=sha1 --no-undefined
cmd-LD = scripts/build/link.sh $@ "$(strip $(CC) $(target-$(ARCH)))" $(NM) $(LD) $(LDFLAGS) -T $(O)/basalt.lds $(objects)
$(O)/basalt.debug: $(O)/basalt.lds $(objects) scripts/build/link.sh scripts/build/ksyms.py FORCE
	$(call build,LD)

# What boots needs no debug information; the symbol table stays, so that nm tells what is linked.
cmd-STRIP = $(OBJCOPY) --strip-debug $< $@
$(O)/basalt.elf: $(O)/basalt.debug FORCE
	$(call build,STRIP)

# One file that UEFI starts and that network loaders take for a Linux kernel.
image-parts-x86_64 := $(O)/setup16.bin
image-parts := $(O)/basalt.elf $(image-parts-$(ARCH))
cmd-SETUP = $(OBJCOPY) -O binary -j .setup $< $@
$(O)/setup16.bin: $(OBJ)/platform/$(ARCH)/boot/setup16.o FORCE
	$(call build,SETUP)
cmd-IMAGE = $(PYTHON) scripts/build/mkimage.py $(image-parts) $@
$(O)/basalt.efi: $(image-parts) scripts/build/mkimage.py FORCE
	$(call build,IMAGE)

# --- notice ---

cmd-NOTICE = $(PYTHON) scripts/third-party/notice.py build/third-party.mk $(sources) > $@
$(O)/NOTICE: build/third-party.mk scripts/third-party/notice.py LICENSE FORCE
	$(call build,NOTICE)
.PHONY: notice
notice: $(O)/NOTICE
	@cat $<

-include $(patsubst %,%.d,$(objects) $(OBJ)/platform/$(ARCH)/boot/setup16.o $(O)/setup16.bin $(O)/basalt.lds \
	$(O)/basalt.debug $(O)/basalt.elf $(O)/basalt.efi $(O)/NOTICE)
