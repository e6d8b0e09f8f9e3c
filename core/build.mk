# SPDX-License-Identifier: BSD-2-Clause
# src-y += core/dir/file.c                  always; src-$(CONFIG_X) += ... when the option is set
# fpu-y += ...                            may use SSE: runs only on threads that have an FPU context
# cflags-core/dir/file.c := -flag           for one file
# Fragments core/*/build.mk and core/*/*/build.mk are read too.

src-y += core/cpu/cpu.c core/init/boot.c core/log/console.c core/log/listener.c core/log/log.c core/log/panic.c \
	core/log/symbols.c core/sched/masks.c core/sched/sched.c core/sched/thread.c core/sched/wake.c \
	core/sync/mutex.c core/sync/spinlock.c core/sync/waitq.c core/time/clock.c core/time/timer.c
src-$(CONFIG_DEBUG) += core/init/crash.c core/sched/audit.c
src-$(CONFIG_DEBUG_LOCKS) += core/sync/rank.c
