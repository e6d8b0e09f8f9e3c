# SPDX-License-Identifier: BSD-2-Clause
# What people type: run, test, check, bench.

.PHONY: run test check format bench

# CPUs take turns, as busy guests are lost otherwise: docs/guests.md. A CPU whose nested paging and x2APIC the emulator has; family 23 because Linux guests mistrust the default.
qemu-qemu-q35-svm := qemu-system-x86_64 -M q35 -accel tcg,thread=single -cpu max,family=23,model=1,stepping=2
qemu-qemu-virt-arm64 := qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 -accel tcg,thread=multi -cpu cortex-a72
qemu-qemu-virt-arm64-gicv2 := qemu-system-aarch64 -M virt,virtualization=on,gic-version=2 -accel tcg,thread=multi -cpu cortex-a72
# The board's card is the last of four, and the others have to be named for it.
qemu-xlnx-zcu102 := qemu-system-aarch64 -M xlnx-zcu102,virtualization=on -accel tcg,thread=multi -audio none
smp-xlnx-zcu102 := -smp 4
nic-xlnx-zcu102 := -net nic -net nic -net nic -net nic,netdev=net0
nic-default := -device virtio-net-pci,netdev=net0,romfile=
# PORT: where the API answers on this machine. APPEND: the image's command line. QEMU_ARGS: anything more.
kernel-x86_64 := $(O)/basalt.elf
kernel-arm64  := $(O)/basalt.efi
run: $(kernel-$(ARCH))
	@echo "  The API will answer at http://127.0.0.1:$(or $(PORT),8080)/ ; Ctrl-A X ends."
	$(Q)exec $(qemu-$(BOARD)) $(or $(smp-$(BOARD)),-smp 2) -m 1024 -nographic -no-reboot -kernel $< \
		$(if $(APPEND),-append '$(APPEND)') -netdev user,id=net0,hostfwd=tcp:127.0.0.1:$(or $(PORT),8080)-:80 \
		$(or $(nic-$(BOARD)),$(nic-default)) $(QEMU_ARGS)

# Everything, counted; see there.
test:
	$(Q)$(PYTHON) scripts/build/run_tests.py $(BOARD) $(O)

# clang-tidy reads the compile commands that objects remember, so objects come first: all of this board's, and of every
# other board those whose sources no board before it compiles. The list has each source and its object.
.PHONY: to-check
checked = $(or $(CHECKED),$(O)/checked)
check: $(objects)
	@: >$(checked)
	+$(Q)$(foreach board,$(BOARD) $(filter-out $(BOARD),$(patsubst configs/%_defconfig,%,$(wildcard configs/*_defconfig))),\
		$(MAKE) BOARD=$(board) O=$(if $(filter $(BOARD),$(board)),$(O),$(dir $(O))$(board)) CHECKED=$(checked) to-check &&) :
	$(Q)$(PYTHON) scripts/check/check.py $(checked)

unchecked := $(filter-out $(if $(CHECKED),$(file <$(CHECKED))),$(sources))
to-check: $(patsubst %,$(OBJ)/%.o,$(basename $(unchecked)))
	@printf '%s\n' $(unchecked) $^ >>$(CHECKED)

format:
	$(Q)clang-format-19 -i $$(git ls-files '*.c' '*.h')

# Counted is what is shipped: the board's configuration without debugging, in a folder of its own.
# BENCH: only these parts. OP: the operation whose instructions `profile` attributes to functions.
.PHONY: release profile
release := build/release/$(BOARD)
release: build/.deps
	@mkdir -p $(release)
	$(Q)test $(release)/.config -nt configs/$(BOARD)_defconfig || { cp configs/$(BOARD)_defconfig $(release)/defconfig && \
		sed -i '/^CONFIG_DEBUG=/d' $(release)/defconfig && \
		KCONFIG_CONFIG=$(release)/.config $(PYTHON) -m defconfig --kconfig Kconfig $(release)/defconfig >/dev/null; }
	$(Q)$(MAKE) BOARD=$(BOARD) O=$(release) all guests

bench: release
	$(Q)BASALT_BUILD=build/release $(PYTHON) tests/bench/run.py $(release) $(BENCH)

profile: release
	$(Q)BASALT_BUILD=build/release $(PYTHON) tests/bench/profile.py $(release) $(OP)

# A host in QEMU, a Debian guest on it, and this terminal on the guest's console.
.PHONY: demo
demo: $(kernel-$(ARCH))
	$(Q)$(PYTHON) scripts/demo $(BOARD) $<
