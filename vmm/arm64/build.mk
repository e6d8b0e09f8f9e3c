# SPDX-License-Identifier: BSD-2-Clause
arm64-smccc-src := $(addprefix vmm/arm64/,smccc.c psci.c workaround.c)
arm64-sysreg-src := $(addprefix vmm/arm64/,sysreg.c id_regs.c id_merge.c)
arm64-layout-src := vmm/arm64/layout.c
ifeq ($(CONFIG_ARCH_ARM64),y)
src-$(CONFIG_VMM) += $(arm64-smccc-src) $(arm64-sysreg-src) $(arm64-layout-src) $(patsubst %,vmm/arm64/%.c,boot caches call exit fault id_host machine \
	power regs_list stage1 stolen sysreg_exit vcpu)
src-$(if $(CONFIG_VMM),$(CONFIG_HOST_GICV3)) += vmm/arm64/gicv3.c
src-$(if $(CONFIG_VMM),$(CONFIG_HOST_GICV2)) += vmm/arm64/gicv2.c
endif
