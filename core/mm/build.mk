# SPDX-License-Identifier: BSD-2-Clause
src-y += core/mm/buddy.c core/mm/ranges.c core/mm/page.c core/mm/run.c core/mm/stats.c core/mm/check.c
src-y += core/mm/slab.c core/mm/magazine.c core/mm/heap.c core/mm/malloc.c core/mm/stack.c core/mm/mmio.c core/mm/uncached.c
