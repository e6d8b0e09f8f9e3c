/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include "vmap_lock.h"
#include <arch/layout.h>
#include <contract/arch.h>
#include <core/mm.h>
#include <core/panic.h>
#include <core/vmap.h>
#include <sys/queue.h>
#include <sys/tree.h>

/*
 * Stacks of 4 KiB << class, each class in a part of the vmap region of its own. A slot is twice the stack:
 * the stack is its upper half, the lower half is never mapped. So an address alone tells whether it is a
 * stack's guard. A slot keeps its address for ever and is used again; a few keep their memory too, because
 * unmapping interrupts all CPUs.
 */
#define STACK_CLASSES   9 /* 4 KiB .. 1 MiB */
#define CLASS_ROOM      (ARCH_VMAP_SIZE / 16)
#define CLASS_KEEP      8  /* free slots that stay mapped */
#define BATCH_MAX       64 /* slots that wait for one flush */
#define STACK_SIZE(cls) (PAGE_SIZE << (cls))
#define SLOT_SIZE(cls)  (2 * STACK_SIZE(cls))

_Static_assert(CLASS_ROOM % SLOT_SIZE(STACK_CLASSES - 1) == 0, "slots are naturally aligned");

struct stack_slot {
    RB_ENTRY(stack_slot) node;    /* vmap_lock */
    SLIST_ENTRY(stack_slot) link; /* vmap_lock; when free */
    uint64_t stack;               /* immutable: address of the stack's lowest byte */
    hpa_t pages;                  /* HPA_NONE: not mapped; owner: who took the slot */
    unsigned class;               /* immutable */
    bool is_used;                 /* vmap_lock */
};

SLIST_HEAD(slot_list, stack_slot);

struct stack_class {
    struct slot_list mapped;   /* vmap_lock; free, with memory */
    struct slot_list unmapped; /* vmap_lock; free, address only */
    unsigned n_mapped;         /* vmap_lock; length of `mapped` */
    _Atomic uint64_t n_slots;  /* ever made; written under vmap_lock, read by anybody */
};

static int slot_compare(const struct stack_slot *a, const struct stack_slot *b)
{
    return a->stack < b->stack ? -1 : a->stack > b->stack;
}

RB_HEAD(slot_tree, stack_slot);
RB_GENERATE_STATIC(slot_tree, stack_slot, node, slot_compare)

static struct slot_tree slots = RB_INITIALIZER(&slots); /* vmap_lock */
static struct slot_list unflushed; /* vmap_lock; unmapped, but CPUs may still have the translation */
static unsigned n_unflushed;       /* vmap_lock; length of `unflushed` */
static unsigned batches;           /* vmap_lock; under way: who ends the last one flushes */
static struct stack_class classes[STACK_CLASSES];

/* STACK_CLASSES: too large. */
static unsigned class_of(size_t size)
{
    unsigned class = 0;

    while (class < STACK_CLASSES && STACK_SIZE(class) < size)
        class ++;
    return class;
}

/* A free slot, mapped if possible; NULL: there is none. */
static struct stack_slot *slot_take(struct stack_class *class)
{
    struct stack_slot *slot;

    spin_lock(&vmap_lock);
    slot = SLIST_FIRST(&class->mapped);
    if (slot != NULL) {
        SLIST_REMOVE_HEAD(&class->mapped, link);
        class->n_mapped--;
    } else if ((slot = SLIST_FIRST(&class->unmapped)) != NULL) {
        SLIST_REMOVE_HEAD(&class->unmapped, link);
    }
    if (slot != NULL)
        slot->is_used = true;
    spin_unlock(&vmap_lock);
    return slot;
}

/* A slot at an address that was never used. NULL: no memory, or no addresses left. */
static struct stack_slot *slot_make(unsigned class)
{
    struct stack_slot *slot = heap_alloc(sizeof(*slot));
    uint64_t index;

    if (slot == NULL)
        return NULL;
    spin_lock(&vmap_lock);
    index = classes[class].n_slots;
    if (index < CLASS_ROOM / SLOT_SIZE(class)) {
        *slot = (struct stack_slot){
            .stack = ARCH_VMAP_BASE + class * CLASS_ROOM + index * SLOT_SIZE(class) + STACK_SIZE(class),
            .pages = HPA_NONE,
            .class = class,
            .is_used = true,
        };
        RB_INSERT(slot_tree, &slots, slot);
        classes[class].n_slots = index + 1;
    }
    spin_unlock(&vmap_lock);
    if (index < CLASS_ROOM / SLOT_SIZE(class))
        return slot;
    heap_free(slot);
    return NULL;
}

/* Gives the caller's slot memory; false: there is none. */
static bool slot_map(struct stack_slot *slot)
{
    int error;

    slot->pages = page_alloc(slot->class, 0, NODE_ANY);
    if (!hpa_valid(slot->pages))
        return false;
    spin_lock(&vmap_lock);
    error = arch_map(slot->stack, slot->pages, STACK_SIZE(slot->class), MAP_WRITE);
    spin_unlock(&vmap_lock);
    if (error == 0)
        return true;
    page_free(slot->pages, slot->class);
    slot->pages = HPA_NONE;
    return false;
}

/* The slot goes on the list that fits its state. False: it must be unmapped first. */
static bool slot_give(struct stack_slot *slot)
{
    struct stack_class *class = &classes[slot->class];
    bool is_mapped = hpa_valid(slot->pages), done = true;

    spin_lock(&vmap_lock);
    if (!is_mapped) {
        SLIST_INSERT_HEAD(&class->unmapped, slot, link);
    } else if (class->n_mapped < CLASS_KEEP) {
        SLIST_INSERT_HEAD(&class->mapped, slot, link);
        class->n_mapped++;
    } else {
        done = false;
    }
    if (done)
        slot->is_used = false;
    spin_unlock(&vmap_lock);
    return done;
}

/* Gives back the memory of these, which are on no other list. */
static void slots_flush(struct slot_list *list)
{
    struct stack_slot *slot;
    bool done;

    if (SLIST_EMPTY(list))
        return;
    arch_tlb_flush_all();
    while ((slot = SLIST_FIRST(list)) != NULL) {
        SLIST_REMOVE_HEAD(list, link);
        page_free(slot->pages, slot->class);
        slot->pages = HPA_NONE;
        done = slot_give(slot);
        ASSERT(done);
    }
}

/* Lock held: those that are due now, for slots_flush() without it. */
static struct slot_list unflushed_take(void)
{
    struct slot_list list = SLIST_HEAD_INITIALIZER(list);

    if (batches == 0 || n_unflushed >= BATCH_MAX) {
        list = unflushed;
        SLIST_INIT(&unflushed);
        n_unflushed = 0;
    }
    return list;
}

static void slot_unmap(struct stack_slot *slot)
{
    struct slot_list due;

    spin_lock(&vmap_lock);
    arch_unmap(slot->stack, STACK_SIZE(slot->class));
    slot->is_used = false;
    SLIST_INSERT_HEAD(&unflushed, slot, link);
    n_unflushed++;
    due = unflushed_take();
    spin_unlock(&vmap_lock);
    slots_flush(&due);
}

void stack_free_batch_begin(void)
{
    spin_lock(&vmap_lock);
    batches++;
    spin_unlock(&vmap_lock);
}

void stack_free_batch_end(void)
{
    struct slot_list due;

    spin_lock(&vmap_lock);
    batches--;
    due = unflushed_take();
    spin_unlock(&vmap_lock);
    slots_flush(&due);
}

void *stack_alloc(size_t size)
{
    unsigned class = class_of(size);
    struct stack_slot *slot;

    if (class == STACK_CLASSES)
        return NULL;
    slot = slot_take(&classes[class]);
    if (slot == NULL)
        slot = slot_make(class);
    if (slot == NULL)
        return NULL;
    if (!hpa_valid(slot->pages) && !slot_map(slot)) {
        bool done = slot_give(slot);

        ASSERT(done);
        return NULL;
    }
    return (void *)slot->stack;
}

void stack_free(void *stack, size_t size)
{
    struct stack_slot key = {.stack = (uintptr_t)stack}, *slot;
    bool is_valid;

    spin_lock(&vmap_lock);
    slot = RB_FIND(slot_tree, &slots, &key);
    is_valid = slot != NULL && slot->is_used && slot->class == class_of(size);
    spin_unlock(&vmap_lock);
    if (!is_valid)
        panic("stack_free: %p is not a stack of %zu bytes in use", stack, size);
    if (!slot_give(slot))
        slot_unmap(slot);
}

bool stack_guard_hit(uint64_t addr)
{
    uint64_t offset = addr - ARCH_VMAP_BASE;
    uint64_t class = offset / CLASS_ROOM;

    if (class >= STACK_CLASSES)
        return false;
    offset %= CLASS_ROOM;
    return offset / SLOT_SIZE(class) < classes[class].n_slots &&
           offset % SLOT_SIZE(class) < STACK_SIZE(class);
}
