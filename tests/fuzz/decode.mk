# SPDX-License-Identifier: BSD-2-Clause
fuzz-y += decode emulate
fuzz-decode-src := $(decode-src)
fuzz-emulate-src := $(decode-src) $(emulate-src)
