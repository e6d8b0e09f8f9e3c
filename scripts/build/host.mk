# SPDX-License-Identifier: BSD-2-Clause
# Programs for the build host: unit tests, fuzz targets, and both once more for coverage. tests/unit/build.mk and
# tests/fuzz/build.mk say what there is:
#
#   unit-y += acpi                          tests/unit/test_acpi.c with
#   unit-acpi-src := platform/x/acpi.c      these sources (third-party lists like $(yyjson-src) too)
#   fuzz-y += acpi                          tests/fuzz/fuzz_acpi.c, corpus in tests/fuzz/corpus/acpi/
#   fuzz-acpi-src := ...
#   unit-acpi-cflags, unit-acpi-libs        rarely: for test_acpi.c itself; for the link

unit-y :=
fuzz-y :=
# More fragments beside those are read too.
include $(sort $(wildcard tests/unit/*.mk tests/fuzz/*.mk))

# Each mode compiles to its own folder: $(O)/unit, $(O)/fuzz, $(O)/cov.
$(O)/unit/%: host-cc    = gcc
$(O)/unit/%: host-flags = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
$(O)/fuzz/%: host-cc    = $(FUZZ_CC)
$(O)/fuzz/%: host-flags = -O1 -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
$(O)/fuzz/fuzz_%: host-libs = -fsanitize=fuzzer
$(O)/unit/test_%: host-libs = -lcriterion
# llvm-cov for both, so that their profiles add up; no sanitizers, whose branches nobody tests.
$(O)/cov/%: host-cc     = $(FUZZ_CC)
$(O)/cov/%: host-flags  = -O0 -fprofile-instr-generate -fcoverage-mapping
$(O)/cov/obj/tests/fuzz/%: host-flags = -O0 -fprofile-instr-generate -fcoverage-mapping -fsanitize=fuzzer-no-link
$(O)/cov/fuzz_%: host-libs = -fsanitize=fuzzer
$(O)/cov/test_%: host-libs = -lcriterion

host-warn = -Wall -Wextra -Wshadow -Wvla -Wno-unused-parameter -Werror
$(O)/unit/obj/build/src/% $(O)/fuzz/obj/build/src/%: host-warn = -w
# Everything was compiled with warnings in one of the other modes.
$(O)/cov/%: host-warn = -w
# tests/include puts newlib's <sys/queue.h> and <sys/tree.h> in front of the host's. <arch/...> is the fake's.
host-inc = -Itests/include -isystem $(NEWLIB_DIR)/newlib -I. -Icore/include -Iplatform/fake/include -Iplatform/include \
	-Ivmm/include -Inet/include $(inc-libfdt) $(inc-zlib) $(inc-yyjson) $(inc-mbedtls)
cmd-HOSTCC = $(host-cc) -std=gnu11 -D_GNU_SOURCE -g -fno-omit-frame-pointer $(host-flags) $(host-warn) $(host-cflags) \
	$(host-inc) -include $(O)/include/autoconf.h -MD -MF $@.raw -c -o $@ $<
post-HOSTCC = $(fixdep)
cmd-HOSTLD = $(host-cc) $(host-flags) -o $@ $(filter %.o,$^) $(host-libs) $(host-extra-libs)

host-obj = $(patsubst %.c,$(O)/$1/obj/%.o,$2)
# $1 mode, $2 unit|fuzz, $3 test|fuzz, $4 name
define host-program
$(O)/$1/$3_$4: $(call host-obj,$1,tests/$2/$3_$4.c $($2-$4-src)) FORCE
	$$(call build,HOSTLD)
$(O)/$1/$3_$4: host-extra-libs = $($2-$4-libs)
$(O)/$1/obj/tests/$2/$3_$4.o: host-cflags = $(addprefix -iquote,$(sort $(dir $($2-$4-src)))) $($2-$4-cflags)
host-built += $(call host-obj,$1,tests/$2/$3_$4.c $($2-$4-src)) $(O)/$1/$3_$4
endef
host-built :=
$(foreach name,$(unit-y),$(foreach mode,unit cov,$(eval $(call host-program,$(mode),unit,test,$(name)))))
$(foreach name,$(fuzz-y),$(foreach mode,fuzz cov,$(eval $(call host-program,$(mode),fuzz,fuzz,$(name)))))

$(O)/unit/obj/%.o: %.c FORCE
	$(call build,HOSTCC)
$(O)/fuzz/obj/%.o: %.c FORCE
	$(call build,HOSTCC)
$(O)/cov/obj/%.o: %.c FORCE
	$(call build,HOSTCC)

unit-programs := $(patsubst %,$(O)/unit/test_%,$(unit-y))
fuzz-programs := $(patsubst %,$(O)/fuzz/fuzz_%,$(fuzz-y))
cov-programs  := $(patsubst %,$(O)/cov/test_%,$(unit-y)) $(patsubst %,$(O)/cov/fuzz_%,$(fuzz-y))
# What coverage is about: our own modules that tests list, not the tests, fakes and third parties.
cov-sources := $(sort $(filter-out build/% tests/% platform/fake/%,$(foreach name,$(unit-y),$(unit-$(name)-src)) \
	$(foreach name,$(fuzz-y),$(fuzz-$(name)-src))))

.PHONY: unit fuzz-replay fuzz coverage unit-build fuzz-build
unit-build: $(unit-programs)
fuzz-build: $(fuzz-programs)

# TEST=name runs one.
unit: $(if $(TEST),$(O)/unit/test_$(TEST),$(unit-programs))
	$(Q)$(PYTHON) scripts/build/host_tests.py unit $^
fuzz-replay: $(if $(FUZZ),$(O)/fuzz/fuzz_$(FUZZ),$(fuzz-programs))
	$(Q)$(PYTHON) scripts/build/host_tests.py replay $^
# FUZZ=name RUNS=1000000: new inputs that reach new code collect in build/corpus/name.
fuzz: $(if $(FUZZ),$(O)/fuzz/fuzz_$(FUZZ),$(fuzz-programs))
	$(Q)$(PYTHON) scripts/build/host_tests.py fuzz --runs $(or $(RUNS),100000) $^
coverage: $(cov-programs)
	$(Q)$(PYTHON) scripts/build/coverage.py $(O)/cov $(cov-sources) -- $^

-include $(patsubst %,%.d,$(sort $(host-built)))
