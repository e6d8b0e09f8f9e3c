# SPDX-License-Identifier: BSD-2-Clause
fuzz-y += irqchip
fuzz-irqchip-src = $(irqchip-test-src)
