/* SPDX-License-Identifier: BSD-2-Clause */
/* Debug builds report a lock that is taken where it may come to a deadlock, whether or not it does. */
#include <arch/cpu.h>
#include <core/sync.h>
#include <criterion/criterion.h>
#include <signal.h>

static struct spinlock low = SPINLOCK_INIT(LOCK_RANK_VM), high = SPINLOCK_INIT(LOCK_RANK_HEAP);
static struct spinlock highest = SPINLOCK_INIT(LOCK_RANK_LOG);

static unsigned outer;

static void interrupt_begin(void)
{
    arch_irq_disable();
    outer = lock_interrupt_begin();
}

static void interrupt_end(void)
{
    lock_interrupt_end(outer);
    arch_irq_enable();
}

#define BUG(test) Test(lock_order, test, .signal = SIGABRT)

Test(lock_order, what_is_allowed)
{
    arch_irq_state_t state;

    spin_lock(&low);
    spin_lock(&high); /* plain inside plain */
    spin_unlock(&low);
    state = spin_lock_irqsave(&highest); /* the other kind inside plain */
    spin_unlock_irqrestore(&highest, state);
    interrupt_begin(); /* comes on top of a plain one of whatever rank */
    spin_lock_irqoff(&highest);
    spin_unlock_irqoff(&highest);
    interrupt_end();
    lock_check_plain("memory");
    spin_unlock(&high);
    lock_check_may_sleep("a mutex");
    /* With interrupts off by itself: nobody waits for this CPU. */
    arch_irq_disable();
    spin_lock(&low);
    spin_unlock(&low);
    arch_irq_enable();
}

Test(lock_order, an_interrupt_ranks_its_own_only)
{
    spin_lock(&high);
    interrupt_begin();
    spin_lock_irqoff(&low);
    spin_unlock_irqoff(&low);
    interrupt_end();
    spin_unlock(&high);
}

BUG(wrong_order)
{
    spin_lock(&high);
    spin_lock(&low);
}

BUG(the_same_twice)
{
    spin_lock(&high);
    spin_lock(&high);
}

/* Another CPU's handler waits for `low` on top of a thread that has `high`. */
BUG(a_plain_lock_inside_one_that_interrupts_take)
{
    (void)!spin_lock_irqsave(&low);
    spin_lock(&high);
}

BUG(a_plain_lock_after_the_other_order_of_release)
{
    arch_irq_state_t state;

    spin_lock(&low);
    state = spin_lock_irqsave(&high);
    spin_unlock(&low);
    (void)state;
    spin_lock(&highest);
}

BUG(a_plain_lock_in_an_interrupt)
{
    interrupt_begin();
    spin_lock(&low);
}

BUG(interrupts_on_where_they_are_said_to_be_off)
{
    spin_lock_irqoff(&low);
}

BUG(a_handlers_lock_with_interrupts_on)
{
    interrupt_begin();
    spin_lock_irqoff(&low);
    spin_unlock_irqoff(&low);
    interrupt_end();
    spin_lock(&low);
}

BUG(a_plain_lock_that_a_handler_takes_later)
{
    spin_lock(&low);
    spin_unlock(&low);
    interrupt_begin();
    spin_lock_irqoff(&low);
}

BUG(memory_inside_a_lock_that_interrupts_take)
{
    (void)!spin_lock_irqsave(&low);
    lock_check_plain("memory");
}

BUG(memory_in_an_interrupt)
{
    interrupt_begin();
    lock_check_plain("memory");
}

BUG(sleeping_with_a_lock)
{
    spin_lock(&low);
    lock_check_may_sleep("a mutex");
}

BUG(a_release_of_what_is_not_held)
{
    spin_lock(&low);
    spin_unlock(&high);
}
