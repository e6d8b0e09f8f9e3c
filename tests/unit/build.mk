# SPDX-License-Identifier: BSD-2-Clause
# unit-y += name          tests/unit/test_name.c
# unit-name-src := ...    the sources it tests (how it works: scripts/build/host.mk)

# The image's own C library, formatted and searched on the host under other names.
unit-y += newlib
$(O)/unit/test_newlib $(O)/cov/test_newlib: $(O)/unit/newlib.o
newlib-objects := $(patsubst %.c,$(OBJ)/%.o,$(filter $(NEWLIB_DIR)/% core/lib/newlib/%,$(src-y)))
cmd-PREFIX = $(LD) -r -o $@.r $(newlib-objects) && $(OBJCOPY) --prefix-symbols=target_ $@.r $@
$(O)/unit/newlib.o: $(newlib-objects) FORCE
	$(call build,PREFIX)
-include $(O)/unit/newlib.o.d

unit-y += third_party
unit-third_party-src := $(mbedtls-src) $(yyjson-src) $(libfdt-src)
