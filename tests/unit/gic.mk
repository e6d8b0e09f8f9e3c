# SPDX-License-Identifier: BSD-2-Clause
# The guest's GICv3, on a model of the list registers (tests/unit/gicv3_fixture.h).
gicv3-test-src = $(irqchip-gicv3-src) vmm/mem/hint.c vmm/dev/bus.c $(state-src) $(fake-src)

unit-y += gicv3
unit-gicv3-src = $(gicv3-test-src)
unit-y += gicv3_lr
unit-gicv3_lr-src = $(gicv3-test-src)
unit-gicv3_lr-libs := -lpthread
unit-y += gicv3_its
unit-gicv3_its-src = $(gicv3-test-src)
unit-gicv3_its-libs := -lpthread
# The GICv2: what it has of its own.
gicv2-test-src = $(irqchip-gicv2-src) vmm/dev/bus.c $(state-src) $(fake-src)
unit-y += gicv2
unit-gicv2-src = $(gicv2-test-src)
unit-y += gicv2_sgi
unit-gicv2_sgi-src = $(gicv2-test-src)
unit-gicv2_sgi-libs := -lpthread
