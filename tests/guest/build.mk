# SPDX-License-Identifier: BSD-2-Clause
# Guests of our own for the system tests, each one file linked with lib/: *.c here are for every architecture, those in
# $(ARCH)/ for one. On x86 they are flat multiboot programs, on arm64 Linux Images.

guest-src := $(wildcard tests/guest/*.c $(if $(ARCH),tests/guest/$(ARCH)/*.c))
guest-names := $(sort $(basename $(notdir $(guest-src))))
guest-lib-src := $(wildcard tests/guest/lib/*.c) $(sort $(wildcard tests/guest/$(ARCH)/lib/*.c tests/guest/$(ARCH)/lib/*.S))
guest-lib := $(patsubst %,$(O)/guest/obj/%.o,$(basename $(guest-lib-src)))
guest-bios-x86_64 := bios
guest-files := $(patsubst %,$(O)/guest/%.bin,$(guest-names) $(guest-bios-$(ARCH)))

guest-arch-x86_64 := -m64 -mno-red-zone -fno-pic -fno-pie -fcf-protection=none
guest-arch-arm64  := -march=armv8-a -mstrict-align -mno-outline-atomics -fno-tree-loop-distribute-patterns -fpie -fvisibility=hidden -ffunction-sections -fdata-sections -mbranch-protection=none
guest-link-x86_64 := -m elf_x86_64 -static --no-warn-rwx-segments
guest-link-arm64  := --gc-sections -pie --no-dynamic-linker --no-warn-rwx-segments --orphan-handling=place
guest-flags := -std=gnu11 -O2 -g -ffreestanding -mgeneral-regs-only -fno-asynchronous-unwind-tables \
	-fno-stack-protector -fno-builtin -Wall -Wextra -Werror $(guest-arch-$(ARCH)) \
	-Itests/guest/lib -Itests/guest/$(ARCH)/lib
# Always the compiler of the cross tools or the machine's own: the guests do not change with the image's.
cmd-GUESTCC = $(CROSS)gcc $(guest-flags) -MD -MF $@.raw -c -o $@ $<
post-GUESTCC = $(fixdep)
cmd-GUESTLD = $(LD) $(guest-link-$(ARCH)) -z noexecstack -z max-page-size=4096 -T $(filter %.lds,$^) -o $@ $(filter %.o,$^)
cmd-GUESTBIN = $(OBJCOPY) -O binary $< $@

$(O)/guest/obj/%.o: %.c FORCE
	$(call build,GUESTCC)
$(O)/guest/obj/%.o: %.S FORCE
	$(call build,GUESTCC)
define guest-program
$(O)/guest/$(basename $(notdir $1)).elf: $(O)/guest/obj/$(basename $1).o $(guest-lib) tests/guest/$(ARCH)/lib/guest.lds FORCE
	$$(call build,GUESTLD)
endef
$(foreach file,$(guest-src),$(eval $(call guest-program,$(file))))
$(O)/guest/bios.elf: $(O)/guest/obj/tests/guest/x86_64/bios/bios.o tests/guest/x86_64/bios/bios.lds FORCE
	$(call build,GUESTLD)
$(O)/guest/%.bin: $(O)/guest/%.elf FORCE
	$(call build,GUESTBIN)
.PRECIOUS: $(O)/guest/obj/%.o $(O)/guest/%.elf

# Programs for Linux guests: static, of the architecture's C library.
linux-guest-files := $(patsubst tests/guest/linux/%.c,$(O)/guest/linux/%,$(wildcard tests/guest/linux/*.c))
cmd-GUESTPROG = $(CROSS)gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -Werror -static -pthread -o $@ $<
$(O)/guest/linux/%: tests/guest/linux/%.c FORCE
	$(call build,GUESTPROG)

.PHONY: guests
guests: $(guest-files) $(linux-guest-files)

-include $(patsubst %,%.d,$(guest-lib) $(guest-files) $(guest-files:.bin=.elf) $(linux-guest-files) \
	$(guest-src:%.c=$(O)/guest/obj/%.o))
