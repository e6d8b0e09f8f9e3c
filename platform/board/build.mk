# SPDX-License-Identifier: BSD-2-Clause
# A board's device tree in the image; empty where loaders hand one over.
src-$(CONFIG_ARCH_ARM64) += platform/board/builtin_tree.S
ifneq ($(CONFIG_BUILTIN_TREE),)
cmd-DTC = dtc -q -I dts -O dtb -o $@ $<
$(O)/gen/builtin.dtb: $(CONFIG_BUILTIN_TREE) FORCE
	$(call build,DTC)
-include $(O)/gen/builtin.dtb.d
cflags-platform/board/builtin_tree.S = -DTREE_FILE='"$(O)/gen/builtin.dtb"'
$(OBJ)/platform/board/builtin_tree.o: $(O)/gen/builtin.dtb
endif
