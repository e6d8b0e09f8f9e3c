# SPDX-License-Identifier: BSD-2-Clause
ifeq ($(CONFIG_BACKEND_SVM),y)
src-$(CONFIG_VMM) += $(addprefix vmm/backend/svm/,asid.c cpu.c events.c exits.c maps.c npt.c vcpu.c)
endif
backend-arm64-pure-src := $(addprefix vmm/backend/arm64/,mpam.c stage2_layout.c vmid.c)
ifeq ($(CONFIG_BACKEND_ARM64),y)
src-$(CONFIG_VMM) += $(addprefix vmm/backend/arm64/,cpu.c exits.c features.c fp.c inject.c interface.c predictors.c stage2.c switch.c sve.S timer.c vectors.S) \
	$(backend-arm64-pure-src)
src-$(if $(CONFIG_VMM),$(CONFIG_HOST_GICV3)) += vmm/backend/arm64/gicv3/ich.c
src-$(if $(CONFIG_VMM),$(CONFIG_HOST_GICV2)) += vmm/backend/arm64/gicv2/ich.c
endif
