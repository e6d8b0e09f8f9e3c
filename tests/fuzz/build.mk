# SPDX-License-Identifier: BSD-2-Clause
# fuzz-y += name          tests/fuzz/fuzz_name.c, seeds in tests/fuzz/corpus/name/
# fuzz-name-src := ...    the sources it drives (how it works: scripts/build/host.mk)
