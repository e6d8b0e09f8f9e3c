# SPDX-License-Identifier: BSD-2-Clause
ifeq ($(CONFIG_BACKEND_SVM),y)
src-$(CONFIG_VMM) += $(addprefix vmm/backend/svm/,asid.c cpu.c events.c exits.c maps.c npt.c vcpu.c)
endif
