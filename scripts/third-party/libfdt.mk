# SPDX-License-Identifier: BSD-2-Clause
# libfdt, out of device-tree-compiler (the compiler itself is not ours to ship: GPL).

libfdt-dir := $(DEVICE_TREE_COMPILER_DIR)/libfdt
libfdt-src := $(patsubst %,$(libfdt-dir)/%.c,fdt fdt_addresses fdt_check fdt_empty_tree fdt_ro fdt_rw fdt_strerror fdt_sw \
	fdt_wip)

inc-libfdt := -isystem $(libfdt-dir)
src-y += $(libfdt-src)

$(OBJ)/$(libfdt-dir)/%.o: room-flags = -w $(inc-libfdt)
