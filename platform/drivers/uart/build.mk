# SPDX-License-Identifier: BSD-2-Clause
uart-src-$(CONFIG_UART_16550) += uart.c uart_16550.c
uart-src-$(CONFIG_UART_PL011) += uart.c uart_pl011.c port_map.c
uart-src-$(CONFIG_UART_CADENCE) += uart.c uart_cadence.c port_map.c
src-y += $(addprefix platform/drivers/uart/,$(or $(uart-src-y),absent.c))
