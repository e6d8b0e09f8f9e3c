# SPDX-License-Identifier: BSD-2-Clause
# yyjson: strict reader and writer. It computes with doubles, so it runs on threads with an FPU context only.

inc-yyjson := -isystem $(YYJSON_DIR)/src -DYYJSON_DISABLE_UTILS=1 -DYYJSON_DISABLE_NON_STANDARD=1
yyjson-src := $(YYJSON_DIR)/src/yyjson.c
fpu-$(CONFIG_NET) += $(yyjson-src)

$(OBJ)/$(YYJSON_DIR)/%.o: room-flags = -w $(inc-yyjson)
