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

# A configuration belongs to whoever edited it; one that nobody has follows the board's.
is-edited = test -e $(O)/.config && ! cmp -s $(O)/.config $(O)/.config.board
$(O)/.config: configs/$(BOARD)_defconfig | build/.deps
	@mkdir -p $(O)
	$(Q)if $(is-edited); then \
		echo "  NOTE    $@ stays as it was edited; make $(BOARD)_defconfig takes the board's, which is newer"; touch $@; \
	else \
		echo '  CONFIG  $(BOARD)_defconfig' && \
		KCONFIG_CONFIG=$@ $(PYTHON) -m defconfig --kconfig Kconfig $< >/dev/null && cp $@ $@.board; \
	fi

.PHONY: deps menuconfig olddefconfig savedefconfig clean distclean $(defconfig-goal)

deps: build/.deps

$(defconfig-goal): %_defconfig: configs/%_defconfig | build/.deps
	@mkdir -p $(O)
	$(Q)KCONFIG_CONFIG=$(O)/.config $(PYTHON) -m defconfig --kconfig Kconfig $< && cp $(O)/.config $(O)/.config.board

menuconfig olddefconfig: $(O)/.config
	$(Q)KCONFIG_CONFIG=$(O)/.config $(PYTHON) -m $@ Kconfig

savedefconfig: $(O)/.config
	$(Q)KCONFIG_CONFIG=$(O)/.config $(PYTHON) -m savedefconfig --kconfig Kconfig --out configs/$(BOARD)_defconfig && \
		cp -p $(O)/.config $(O)/.config.board && touch $(O)/.config

clean:
	rm -rf $(O)

# The downloads in build/dl stay: they are what makes the next build work offline.
distclean:
	rm -rf $(filter-out build/dl,$(wildcard build/* build/.[!.]*))
