# SPDX-License-Identifier: BSD-2-Clause
fuzz-y += gicv3
fuzz-gicv3-src = $(gicv3-test-src)
