# SPDX-License-Identifier: BSD-2-Clause
fuzz-y += load
fuzz-load-src = $(load-src)
