# SPDX-License-Identifier: BSD-2-Clause
# What comes before compiling: Debian packages, third-party source, configuration. make remakes the files that it
# includes and starts over, so auto.mk and third-party.mk pull all of this in.

unconfigured-goals := deps menuconfig olddefconfig savedefconfig clean distclean

# A changed package database may mean that something is missing now (a new machine, a removed package).
build/.deps: scripts/build/deps.sh scripts/build/debsources.py $(wildcard /var/lib/dpkg/status)
	$(Q)scripts/build/deps.sh
	@mkdir -p build && touch $@

build/third-party.mk: scripts/third-party/pins scripts/third-party/fetch.py | build/.deps
	$(Q)scripts/third-party/fetch.py $< build

kconfig-files := Kconfig $(foreach room,core platform vmm net,$(wildcard $(room)/Kconfig))

$(O)/auto.mk: $(O)/.config $(kconfig-files) scripts/build/kconfig.py | build/.deps
	$(Q)$(PYTHON) scripts/build/kconfig.py $(O)

# Only when there is none: a configuration belongs to whoever edited it.
$(O)/.config: | build/.deps
	@echo '  CONFIG  $(BOARD)_defconfig'
	@mkdir -p $(O)
	$(Q)KCONFIG_CONFIG=$@ $(PYTHON) -m defconfig --kconfig Kconfig configs/$(BOARD)_defconfig >/dev/null

.PHONY: deps menuconfig olddefconfig savedefconfig clean distclean $(defconfig-goal)

deps: build/.deps

$(defconfig-goal): %_defconfig: configs/%_defconfig | build/.deps
	@mkdir -p $(O)
	$(Q)KCONFIG_CONFIG=$(O)/.config $(PYTHON) -m defconfig --kconfig Kconfig $<

menuconfig olddefconfig: $(O)/.config
	$(Q)KCONFIG_CONFIG=$(O)/.config $(PYTHON) -m $@ Kconfig

savedefconfig: $(O)/.config
	$(Q)KCONFIG_CONFIG=$(O)/.config $(PYTHON) -m savedefconfig --kconfig Kconfig --out configs/$(BOARD)_defconfig

clean:
	rm -rf $(O)

# The downloads in build/dl stay: they are what makes the next build work offline.
distclean:
	rm -rf $(filter-out build/dl,$(wildcard build/* build/.[!.]*))
