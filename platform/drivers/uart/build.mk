# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_UART_16550) += platform/drivers/uart/uart_16550.c
src-$(CONFIG_UART_PL011) += platform/drivers/uart/uart_pl011.c
src-$(CONFIG_UART_CADENCE) += platform/drivers/uart/uart_cadence.c
ifeq ($(CONFIG_UART_16550)$(CONFIG_UART_PL011)$(CONFIG_UART_CADENCE),)
src-y += platform/drivers/uart/absent.c
endif
