/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug builds can be told to crash or to be busy, so that what the host does then is tested. */
#include <arch/cpu.h>
#include <core/boot.h>
#include <core/cmdline.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/panic.h>
#include <core/sync.h>
#include <core/thread.h>
#include <stdlib.h>

static const char *const kinds[] = {"none", "panic",      "page-fault", "stack-overflow",
                                    "wx",   "lock-order", "double-free"};
static size_t kind;

/* Or to be busy: threads that never sleep, more than there are CPUs, so that preemption is what keeps it
 * alive. */
static const char *const loads[] = {"none", "spin"};
static size_t load;

static int option_load(const char *value)
{
    return cmdline_parse_choice(value, loads, ARRAY_SIZE(loads), &load);
}
BOOT_OPTION("debug.load", option_load, "none|spin");

static int option_crash(const char *value)
{
    return cmdline_parse_choice(value, kinds, ARRAY_SIZE(kinds), &kind);
}
BOOT_OPTION("debug.crash", option_crash, "none|panic|page-fault|stack-overflow|wx|lock-order|double-free");

/* Variables, so that the compiler does not see what is about to go wrong. */
static unsigned volatile depth_max = ~0U;
static volatile int *volatile nowhere = (volatile int *)8;
static void (*volatile release)(void *) = free;

no_inline static unsigned overflow_stack(unsigned depth)
{
    volatile char ballast[512];

    ballast[depth % sizeof(ballast)] = (char)depth;
    return depth < depth_max ? overflow_stack(depth + 1) + (unsigned char)ballast[depth % sizeof(ballast)]
                             : 0;
}

no_inline static void write_to_code(void)
{
    *(volatile char *)(uintptr_t)write_to_code = 0;
}

static struct spinlock outer = SPINLOCK_INIT(LOCK_RANK_HEAP);
static struct spinlock inner = SPINLOCK_INIT(LOCK_RANK_AGENT);

/* Nobody waits here, and yet it would be a deadlock some day. */
no_inline static void take_locks_in_wrong_order(void)
{
    spin_lock(&outer);
    spin_lock(&inner);
    spin_unlock(&inner);
    spin_unlock(&outer);
}

no_inline static void free_twice(void)
{
    void *object = malloc(40);

    release(object);
    release(object);
}

no_inline static int crash_start(void)
{
    switch (kind) {
    case 1:
        panic("asked for by debug.crash");
    case 2:
        *nowhere = 1;
        break;
    case 3:
        return (int)overflow_stack(0);
    case 4:
        write_to_code();
        break;
    case 5:
        take_locks_in_wrong_order();
        break;
    case 6:
        free_twice();
        break;
    default:
        break;
    }
    return 0;
}

static void spin(void *arg)
{
    (void)arg;
    for (;;)
        arch_relax();
}

static int load_start(void)
{
    for (unsigned i = 0; load && i < 2 * cpu_count(); i++) {
        struct thread *thread;
        int error = thread_create(
            &(struct thread_params){
                .name = "spin", .prio = THREAD_PRIO_VCPU, .cpu = THREAD_CPU_ANY, .fn = spin},
            &thread);

        if (error)
            return error;
        thread_detach(thread);
    }
    return 0;
}

BOOT_STEP(BOOT_NET, load, load_start, NULL);
BOOT_STEP(BOOT_AGENT, crash, crash_start, NULL);
