# SPDX-License-Identifier: BSD-2-Clause
unit-y += decode decode_tables
unit-decode-src := $(decode-src)
unit-decode_tables-src := $(decode-src)
