# SPDX-License-Identifier: BSD-2-Clause
src-$(CONFIG_UART_16550) += platform/drivers/uart/uart_16550.c
ifneq ($(CONFIG_UART_16550),y)
src-y += platform/drivers/uart/absent.c
endif
