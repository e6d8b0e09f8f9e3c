/* SPDX-License-Identifier: BSD-2-Clause */

/* The fake machine keeps the promises that other tests build on. */
#include <arch/cpu.h>
#include <arch/fake.h>
#include <arch/layout.h>
#include <arch/thread.h>
#include <contract/arch.h>
#include <core/cpu.h>
#include <core/mm.h>
#include <core/percpu.h>
#include <criterion/criterion.h>
#include <pthread.h>

static DEFINE_PERCPU(int, counter) = 7;

static void *second_cpu(void *arg)
{
    fake_cpu_enter(1);
    cr_assert_eq(cpu_id(), 1);
    cr_assert_eq(*this_cpu_ptr(counter), 7);
    *this_cpu_ptr(counter) = 9;
    return NULL;
}

Test(fake, percpu_variables)
{
    pthread_t thread;

    fake_cpus_init(2);
    cr_assert_eq(cpu_count(), 2);
    *this_cpu_ptr(counter) = 8;
    cr_assert_eq(pthread_create(&thread, NULL, second_cpu, NULL), 0);
    pthread_join(thread, NULL);
    cr_assert_eq(*percpu_ptr(counter, 0), 8);
    cr_assert_eq(*percpu_ptr(counter, 1), 9);
    cr_assert_eq(counter, 7, "the initial image stays");
}

Test(fake, interrupt_state_nests)
{
    arch_irq_state_t outer = arch_irq_save(), inner = arch_irq_save();

    cr_assert_not(arch_irq_enabled());
    arch_irq_restore(inner);
    cr_assert_not(arch_irq_enabled());
    arch_irq_restore(outer);
    cr_assert(arch_irq_enabled());
}

Test(fake, physical_memory)
{
    fake_ram_reserve(GIB(8));
    *(int *)hpa_to_ptr(hpa(GIB(8) - 4)) = 1;
    cr_assert_eq(ptr_to_hpa(hpa_to_ptr(hpa(GIB(5)))).v, GIB(5));
    cr_assert_eq((uintptr_t)hpa_to_ptr(hpa(0)) % GIB(1), 0);
}

static struct arch_thread main_thread, other_thread;
static int steps;

static void other_main(void *arg)
{
    cr_assert_eq(arg, &steps);
    for (;;) {
        steps++;
        arch_thread_switch(&other_thread, &main_thread);
    }
}

Test(fake, threads_switch)
{
    static char stack[ARCH_STACK_SIZE] aligned_to(16);

    arch_thread_init(&other_thread, stack + sizeof(stack), other_main, &steps);
    for (int i = 1; i <= 10; i++) {
        arch_thread_switch(&main_thread, &other_thread);
        cr_assert_eq(steps, i);
    }
}
