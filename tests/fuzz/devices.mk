# SPDX-License-Identifier: BSD-2-Clause
fuzz-y += devices
fuzz-devices-src = $(devices-src)
