# SPDX-License-Identifier: BSD-2-Clause
# unit-y += name          tests/unit/test_name.c
# unit-name-src := ...    the sources it tests (how it works: scripts/build/host.mk)

# The image's own C library, formatted and searched on the host under other names.
unit-y += newlib
$(O)/unit/test_newlib $(O)/cov/test_newlib: $(O)/unit/newlib.o
newlib-objects := $(patsubst %.c,$(OBJ)/%.o,$(filter $(NEWLIB_DIR)/% core/lib/newlib/%,$(src-y)))
cmd-PREFIX = $(LD) -r -o $@.r $(newlib-objects) && $(OBJCOPY) --prefix-symbols=target_ $@.r $@
$(O)/unit/newlib.o: $(newlib-objects) FORCE
	$(call build,PREFIX)
-include $(O)/unit/newlib.o.d

unit-y += third_party
unit-third_party-src := $(mbedtls-src) $(yyjson-src) $(libfdt-src)

# What modules of core need to run in a process: locks, panic, CPUs.
fake-src := platform/fake/machine.c platform/fake/map.c platform/fake/panic.c platform/fake/sync.c
mm-src := $(addprefix core/mm/,buddy.c ranges.c page.c run.c stats.c check.c slab.c magazine.c heap.c) \
	core/sync/spinlock.c $(if $(CONFIG_DEBUG_LOCKS),core/sync/rank.c)

unit-y += $(if $(CONFIG_DEBUG_LOCKS),lock_order)
unit-lock_order-src := core/sync/spinlock.c core/sync/rank.c $(fake-src)
unit-y += $(if $(CONFIG_DEBUG_LOCKS),mutex)
unit-mutex-src := core/sync/mutex.c core/sync/spinlock.c core/sync/rank.c $(fake-src)
unit-y += fake
unit-fake-src := $(fake-src)
unit-y += sched
unit-sched-src := $(addprefix core/sched/,sched.c wake.c masks.c thread.c audit.c) core/sync/waitq.c core/sync/spinlock.c \
	$(if $(CONFIG_DEBUG_LOCKS),core/sync/rank.c) core/time/timer.c core/time/clock.c $(fake-src)
unit-sched-libs := -lpthread
unit-y += buddy
unit-buddy-src := $(mm-src) $(fake-src)
unit-y += heap
unit-heap-src := $(mm-src) $(fake-src)
unit-y += slab
unit-slab-src := $(mm-src) $(fake-src)
unit-y += slab_poison
unit-slab_poison-src := $(filter-out core/mm/slab.c,$(mm-src)) $(fake-src)
unit-y += log
unit-log-src := core/log/log.c core/log/listener.c platform/fake/machine.c platform/fake/panic.c
unit-log-libs := -lpthread
unit-y += vmap
unit-vmap-src := $(mm-src) core/mm/stack.c core/mm/mmio.c $(fake-src)

firmware-common-src := $(patsubst %,platform/firmware/%.c,host_info phys memmap modules cpio bootinfo_efi cpus \
	acpi acpi_madt acpi_fadt acpi_srat acpi_misc) core/lib/cmdline.c
firmware-src := $(firmware-common-src) $(patsubst %,platform/firmware/bootinfo_%.c,x86 multiboot pvh linux)
firmware-arm64-src := $(firmware-common-src) $(patsubst %,platform/firmware/%.c,bootinfo_arm64 bootinfo_fdt bootinfo_atags acpi_iort \
	fdt_walk fdt_machine fdt_gic fdt_pci fdt_devices) $(libfdt-src)

unit-y += cmdline
unit-cmdline-src := core/lib/cmdline.c

unit-y += memmap
unit-memmap-src := platform/firmware/memmap.c

unit-y += cpio
unit-cpio-src := platform/firmware/cpio.c

unit-y += acpi
unit-acpi-src := $(firmware-src)

unit-y += iort
unit-iort-src := $(firmware-arm64-src)
unit-y += fdt
unit-fdt-src := $(firmware-arm64-src)
unit-y += bootinfo
unit-bootinfo-src := $(firmware-src) platform/firmware/current.c

unit-y += pci
unit-pci-src := $(addprefix platform/drivers/pci/,function.c bar.c enumerate.c assign.c) \
	platform/drivers/virtio/virtio_caps.c
unit-y += virtqueue
unit-virtqueue-src := platform/drivers/virtio/virtqueue.c

unit-y += efi_text
unit-efi_text-src := platform/firmware/efi_text.c
unit-y += efi_config
unit-efi_config-src := platform/firmware/efi_config.c platform/firmware/efi_text.c
unit-y += e1000e
unit-e1000e-src := $(addprefix platform/drivers/nic/,rx_pool.c transmit.c e1000e_rx.c e1000e_tx.c)
unit-e1000e-cflags := -Itests/unit
unit-y += gem
unit-gem-src := $(addprefix platform/drivers/nic/,rx_pool.c transmit.c gem_rx.c gem_tx.c gem_phy.c)
unit-gem-cflags := -Itests/unit
unit-y += virtio_net
unit-virtio_net-src := $(addprefix platform/drivers/nic/,rx_pool.c transmit.c virtio_net_rx.c virtio_net_tx.c) \
	platform/drivers/virtio/virtqueue.c
unit-virtio_net-cflags := -Itests/unit

unit-y += l2
unit-l2-src := net/l2/switch.c net/l2/fdb.c core/lib/frame.c platform/fake/sync.c platform/fake/machine.c \
	platform/fake/panic.c
unit-y += frame
unit-frame-src := core/lib/frame.c core/lib/checksum.c core/lib/chacha.c
unit-y += image
unit-image-src := core/image/name.c core/image/store.c core/image/extents.c platform/fake/sync.c platform/fake/machine.c \
	platform/fake/panic.c
unit-y += ip_option
unit-ip_option-src := net/lwip/port/ip_option.c
unit-y += agent
unit-agent-src := $(patsubst %,net/agent/%.c,base64 digest json_out text time_text tokens) net/http/str.c \
	core/lib/cmdline_redact.c $(mbedtls-src)

# A template: the test instantiates it.
unit-y += pt
unit-pt-src :=
unit-pt-libs := -lpthread
unit-y += agent_requests
unit-agent_requests-src := $(patsubst %,net/agent/%.c,query request_stats text) net/http/str.c net/http/uri.c net/http/chars.c
