# SPDX-License-Identifier: BSD-2-Clause
fuzz-y += gicv3
fuzz-gicv3-src = $(gicv3-test-src)
fuzz-y += gicv2
fuzz-gicv2-src = $(gicv2-test-src)
