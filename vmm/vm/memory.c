/* SPDX-License-Identifier: BSD-2-Clause */
#include "../mem/dirty.h"
#include "vm.h"
#include <errno.h>
#include <stdlib.h>

/* A VM's memory, as the management agent sees it. */

static bool is_flushed(const struct vcpu *vcpu)
{
    return !(atomic_load(&vcpu->requests) & VCPU_REQ_TLB_FLUSH) || !atomic_load(&vcpu->is_in_loop);
}

/* *from: how far those that are done have been counted. */
static bool all_flushed(const struct vm *vm, unsigned *from)
{
    while (*from < vm->vcpu_count && is_flushed(vm->vcpus[*from]))
        (*from)++;
    return *from == vm->vcpu_count;
}

void vm_tlb_flush(struct vm *vm)
{
    unsigned from = 0;

    for (unsigned i = 0; i < vm->vcpu_count; i++)
        vcpu_request(vm->vcpus[i], VCPU_REQ_TLB_FLUSH);
    wait_event(&vm->flushed, all_flushed(vm, &from));
}

void vm_mappings_get(struct vm *vm, struct vm_mappings *out)
{
    uint64_t pages[STAGE2_LEVEL_MAX + 1];

    mutex_lock(&vm->lock); /* so that no table is freed */
    stage2_count(&vm->stage2, pages);
    mutex_unlock(&vm->lock);
    *out = (struct vm_mappings){.pages_4k = pages[0], .pages_2m = pages[1], .pages_1g = pages[2]};
}

static int log_is_off(struct vm *vm, struct vm_error *error)
{
    return vm_refuse(error, -EPERM, "dirty_log", "the dirty log of VM \"%s\" is off", vm->config.name);
}

static int no_memory(struct vm_error *error)
{
    return vm_refuse(error, -ENOMEM, NULL, "the host has no memory left for the dirty log");
}

int vm_dirty_log_start(struct vm *vm, struct vm_error *error)
{
    int result;

    mutex_lock(&vm->lock);
    result = dirty_log_start(vm);
    mutex_unlock(&vm->lock);
    if (result == -ENOMEM)
        return no_memory(error);
    if (result == 0)
        return 0;
    return vm_refuse(error, -EPERM, "dirty_log", "the dirty log of VM \"%s\" is on already", vm->config.name);
}

int vm_dirty_log_stop(struct vm *vm, struct vm_error *error)
{
    bool is_on;

    mutex_lock(&vm->lock);
    is_on = dirty_log_is_on(vm);
    dirty_log_stop(vm);
    mutex_unlock(&vm->lock);
    return is_on ? 0 : log_is_off(vm, error);
}

static void page_add(struct vm_dirty_log *log, uint64_t address)
{
    struct vm_dirty_range *last = &log->ranges[MAX(log->count, 1U) - 1];

    log->pages++;
    if (log->count > 0 && !log->is_cut && last->address + last->pages * PAGE_SIZE == address)
        last->pages++;
    else if (log->count < log->max)
        log->ranges[log->count++] = (struct vm_dirty_range){address, 1};
    else
        log->is_cut = true;
}

static void slot_add(struct vm_dirty_log *log, const struct gmem_slot *slot, const uint64_t *words)
{
    uint64_t first = slot->ram_offset >> PAGE_SHIFT;

    for (uint64_t i = 0; i < slot->size >> PAGE_SHIFT; i++)
        if (words[(first + i) / 64] >> (first + i) % 64 & 1)
            page_add(log, slot->base.v + (i << PAGE_SHIFT));
}

int vm_dirty_log_read(struct vm *vm, bool is_clearing, struct vm_dirty_log *log, struct vm_error *error)
{
    uint64_t count = dirty_log_words(vm), *words = malloc(count * sizeof(*words));
    int result;

    _Static_assert(PAGE_SIZE == VM_DIRTY_PAGE_SIZE, "a bit is a page");
    log->count = 0;
    log->pages = 0;
    log->is_cut = false;
    if (words == NULL)
        return no_memory(error);
    mutex_lock(&vm->lock);
    result = is_clearing ? dirty_log_read(vm, 0, words, count) : dirty_log_peek(vm, 0, words, count);
    for (unsigned i = 0; result == 0 && i < vm->gmem.slot_count; i++)
        slot_add(log, &vm->gmem.slots[i], words);
    mutex_unlock(&vm->lock);
    free(words);
    return result == 0 ? 0 : log_is_off(vm, error);
}
