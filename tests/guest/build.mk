# SPDX-License-Identifier: BSD-2-Clause
# Guests of our own for the system tests: each *.c here is one, linked with lib/ to a flat multiboot program of its name.

guest-names := $(sort $(basename $(notdir $(wildcard tests/guest/*.c))))
guest-lib := $(patsubst %,$(O)/guest/obj/tests/guest/lib/%.o,start lib cpu)
guest-files := $(patsubst %,$(O)/guest/%.bin,$(guest-names) bios)

guest-flags := -std=gnu11 -O2 -g -m64 -ffreestanding -fno-pic -fno-pie -mno-red-zone -mgeneral-regs-only \
	-fno-asynchronous-unwind-tables -fno-stack-protector -fcf-protection=none -fno-builtin -Wall -Wextra -Werror
cmd-GUESTCC = $(CC) $(guest-flags) -MD -MF $@.raw -c -o $@ $<
post-GUESTCC = $(fixdep)
cmd-GUESTLD = $(LD) -m elf_x86_64 -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments \
	-T $(filter %.lds,$^) -o $@ $(filter %.o,$^)
cmd-GUESTBIN = $(OBJCOPY) -O binary $< $@

$(O)/guest/obj/%.o: %.c FORCE
	$(call build,GUESTCC)
$(O)/guest/obj/%.o: %.S FORCE
	$(call build,GUESTCC)
$(O)/guest/%.elf: $(O)/guest/obj/tests/guest/%.o $(guest-lib) tests/guest/lib/guest.lds FORCE
	$(call build,GUESTLD)
$(O)/guest/bios.elf: $(O)/guest/obj/tests/guest/bios/bios.o tests/guest/bios/bios.lds FORCE
	$(call build,GUESTLD)
$(O)/guest/%.bin: $(O)/guest/%.elf FORCE
	$(call build,GUESTBIN)
.PRECIOUS: $(O)/guest/obj/%.o $(O)/guest/%.elf

# Programs for Linux guests: static, of this machine's compiler and C library.
linux-guest-files := $(patsubst tests/guest/linux/%.c,$(O)/guest/linux/%,$(wildcard tests/guest/linux/*.c))
cmd-GUESTPROG = gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -Werror -static -pthread -o $@ $<
$(O)/guest/linux/%: tests/guest/linux/%.c FORCE
	$(call build,GUESTPROG)

.PHONY: guests
guests: $(guest-files) $(if $(CONFIG_ARCH_X86_64),$(linux-guest-files))

-include $(patsubst %,%.d,$(guest-lib) $(guest-files) $(guest-files:.bin=.elf) $(linux-guest-files) \
	$(guest-names:%=$(O)/guest/obj/tests/guest/%.o))
