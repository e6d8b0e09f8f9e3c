# SPDX-License-Identifier: BSD-2-Clause
unit-y += decode decode_tables emulate emulate_string
unit-decode-src := $(decode-src)
unit-decode_tables-src := $(decode-src)
unit-emulate-src := $(decode-src) $(emulate-src)
unit-emulate_string-src := $(decode-src) $(emulate-src)
# Runs instructions on the build host's CPU.
ifeq ($(shell uname -m),x86_64)
unit-y += breakpoint
unit-breakpoint-src := vmm/x86/breakpoint.c
unit-y += emulate_host
unit-emulate_host-src := $(decode-src) $(emulate-src)
endif
