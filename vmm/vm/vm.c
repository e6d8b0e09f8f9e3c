/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm.h"
#include "../backend/backend.h"
#include "../dev/console.h"
#include "arch.h"
#include "run.h"
#include <arch/layout.h>
#include <arch/thread.h>
#include <core/boot.h>
#include <core/cpu.h>
#include <core/event.h>
#include <core/image.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/percpu.h>
#include <core/vmap.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/tree.h>

/* The VMs of this host, by name. */
struct vm_entry {
    RB_ENTRY(vm_entry) node;
    struct vm vm;
};

static int entry_compare(const struct vm_entry *a, const struct vm_entry *b)
{
    return strcmp(a->vm.config.name, b->vm.config.name);
}

RB_HEAD(vm_tree, vm_entry);
RB_GENERATE_STATIC(vm_tree, vm_entry, node, entry_compare)

static struct vm_tree vms = RB_INITIALIZER(&vms); /* registry_lock */
static struct mutex registry_lock;
static bool is_available; /* immutable after boot: the CPUs can virtualize */

/* VMs whose guest has ended by itself; a thread settles them, because vCPUs must not wait for each other. */
static _Atomic(struct vm *) ended_list;
static struct waitq ended_waitq = WAITQ_INIT(ended_waitq);
static struct waitq settled_waitq = WAITQ_INIT(settled_waitq);

void vm_ended(struct vm *vm)
{
    struct vm *head = atomic_load(&ended_list);

    if (atomic_exchange(&vm->is_in_ended_list, true))
        return;
    atomic_fetch_add(&vm->to_be_settled, 1);
    do
        vm->ended_next = head;
    while (!atomic_compare_exchange_weak(&ended_list, &head, vm));
    waitq_wake_one(&ended_waitq);
}

static void manager(void *arg)
{
    (void)arg;
    for (;;) {
        struct vm *vm, *next;

        wait_event(&ended_waitq, atomic_load(&ended_list) != NULL);
        for (vm = atomic_exchange(&ended_list, NULL); vm != NULL; vm = next) {
            next = vm->ended_next;
            atomic_store(&vm->is_in_ended_list, false);
            vm_settle(vm);
            atomic_fetch_sub(&vm->to_be_settled, 1); /* vm_delete() may take it from here on */
            waitq_wake_all(&settled_waitq);
        }
    }
}

int vm_refuse(struct vm_error *error, int code, const char *field, const char *format, ...)
{
    va_list args;

    error->field = field;
    va_start(args, format);
    vsnprintf(error->detail, sizeof(error->detail), format, args);
    va_end(args);
    return code;
}

void vm_restart_timer(struct timer *timer)
{
    vm_ended(container_of(timer, struct vm, restart_timer));
}

static void vm_destroy(struct vm *vm)
{
    /* All at once: each may have to wait for its turn behind other VMs' vCPUs. */
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        vcpu_thread_end(vm->vcpus[i]);
    stack_free_batch_begin();
    for (unsigned i = 0; i < vm->vcpu_count; i++)
        vcpu_destroy(vm->vcpus[i]);
    stack_free_batch_end();
    machine_destroy(vm);
    free(vm->vcpus);
    if (vm->stage2.tree.table_alloc != NULL)
        stage2_fini(&vm->stage2);
    if (vm->gmem.chunks != NULL)
        gmem_fini(&vm->gmem);
    console_destroy(vm->console);
    if (vm->kernel != NULL)
        image_unuse(vm->kernel);
    if (vm->initrd != NULL)
        image_unuse(vm->initrd);
    free(container_of(vm, struct vm_entry, vm));
}

static int vcpus_create(struct vm *vm)
{
    int error = 0;

    vm->vcpus = calloc(vm->config.vcpus, sizeof(struct vcpu *));
    if (vm->vcpus == NULL)
        return -ENOMEM;
    for (; vm->vcpu_count < vm->config.vcpus && !error; vm->vcpu_count += !error)
        error = vcpu_create(vm, vm->vcpu_count, &vm->vcpus[vm->vcpu_count]);
    return error;
}

/* Everything of a VM but its place in the registry. */
static int vm_build(struct vm *vm)
{
    static _Atomic uint64_t serials;
    int error = gmem_init(&vm->gmem, machine_memory(vm), NODE_ANY);

    vm->serial = atomic_fetch_add(&serials, 1) + 1;
    if (!error)
        error = stage2_init(&vm->stage2, machine_address_bits(vm), NODE_ANY);
    if (!error)
        error = console_create(&vm->console);
    if (!error)
        error = vcpus_create(vm);
    if (!error)
        error = machine_create(vm);
    for (unsigned i = 0; !error && i < vm->vcpu_count; i++)
        error = vcpu_thread_start(vm->vcpus[i]);
    return error;
}

static int config_check(const struct vm_config *config, struct vm_error *error)
{
    if (!is_available)
        return vm_refuse(error, -ENODEV, NULL, "this host's CPUs offer no virtualization");
    if (config->vcpus < 1 || config->vcpus > VM_VCPUS_MAX)
        return vm_refuse(error, -EINVAL, "vcpus", "%u vCPUs; 1 to %u are possible", config->vcpus,
                         VM_VCPUS_MAX);
    if (config->memory < MIB(2) || config->memory % MIB(2) != 0)
        return vm_refuse(error, -EINVAL, "memory",
                         "%llu bytes; a multiple of 2 MiB, at least 2 MiB, is possible",
                         (unsigned long long)config->memory);
    return machine_config_check(config, error);
}

static int image_use_as(const char *name, const char *field, struct image **out, struct vm_error *error)
{
    return image_use(name, out) == 0 ? 0 : vm_refuse(error, -ENOENT, field, "there is no image \"%s\"", name);
}

/* Held from now on: an image that a VM needs is not deleted. */
static int images_use(struct vm *vm, struct vm_error *error)
{
    int result = image_use_as(vm->config.kernel, "kernel", &vm->kernel, error);

    if (result == 0 && vm->config.initrd[0] != 0)
        result = image_use_as(vm->config.initrd, "initrd", &vm->initrd, error);
    return result;
}

static struct vm_entry *entry_find(const char *name)
{
    struct vm_entry key;

    snprintf(key.vm.config.name, sizeof(key.vm.config.name), "%s", name);
    return RB_FIND(vm_tree, &vms, &key);
}

static int no_room(const struct vm_config *config, struct vm_error *error)
{
    struct mm_stats stats;

    mm_stats_get(NODE_ANY, &stats);
    return vm_refuse(error, -ENOMEM, "memory", "%llu bytes do not fit: %llu bytes are free",
                     (unsigned long long)config->memory, (unsigned long long)stats.free_bytes);
}

int vm_create(const struct vm_config *config, struct vm **out, struct vm_error *error)
{
    struct vm_entry *entry;
    struct vm *vm;
    int result = config_check(config, error);

    if (result)
        return result;
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return no_room(config, error);
    vm = &entry->vm;
    vm->config = *config;
    mutex_init(&vm->lock, LOCK_RANK_VM);
    waitq_init(&vm->parked);
    waitq_init(&vm->flushed);
    timer_init(&vm->restart_timer, vm_restart_timer);
    TAILQ_INIT(&vm->devices);
    vm_clock_init(&vm->clock);
    atomic_init(&vm->references, 2); /* the registry's and the caller's */
    mutex_lock(&registry_lock);
    if (entry_find(config->name) != NULL)
        result = vm_refuse(error, -EEXIST, "name", "a VM named \"%s\" exists", config->name);
    else if ((result = images_use(vm, error)) != 0)
        ;
    else if (vm_build(vm) != 0)
        result = no_room(config, error);
    else
        RB_INSERT(vm_tree, &vms, entry);
    mutex_unlock(&registry_lock);
    if (result) {
        vm_destroy(vm);
        return result;
    }
    event_publish("vm.created", "{\"vm\":\"%s\"}", config->name);
    *out = vm;
    return 0;
}

/* Thread stack and its guard's slot, FPU state, control blocks; per VM the console and the chunk table. */
uint64_t vm_overhead_bytes(const struct vm *vm)
{
    uint64_t per_vcpu = sizeof(struct vcpu) + ARCH_STACK_SIZE + arch_fpu_size(true) + PAGE_SIZE;

    return sizeof(struct vm_entry) + CONSOLE_RING_SIZE + sizeof(struct vm_console) + machine_bytes(vm) +
           vm->vcpu_count * per_vcpu + (vm->gmem.size >> GMEM_CHUNK_SHIFT) * sizeof(struct gmem_chunk);
}

void vm_put(struct vm *vm)
{
    if (atomic_fetch_sub(&vm->references, 1) == 1)
        vm_destroy(vm);
}

int vm_delete(struct vm *vm, struct vm_error *error)
{
    enum vm_state state;
    bool is_there;

    mutex_lock(&vm->lock);
    state = atomic_load(&vm->state);
    atomic_store(&vm->restart_at_ns, 0);
    vm->is_deleted = state != VM_RUNNING && state != VM_PAUSED;
    mutex_unlock(&vm->lock);
    if (state == VM_RUNNING || state == VM_PAUSED)
        return vm_refuse(error, -EBUSY, "state", "VM \"%s\" is %s; stop it first", vm->config.name,
                         vm_state_name(state));
    timer_cancel(&vm->restart_timer); /* and nobody arms it any more */
    wait_event(&settled_waitq, atomic_load(&vm->to_be_settled) == 0);
    mutex_lock(&registry_lock);
    is_there = entry_find(vm->config.name) == container_of(vm, struct vm_entry, vm);
    if (is_there)
        RB_REMOVE(vm_tree, &vms, container_of(vm, struct vm_entry, vm));
    mutex_unlock(&registry_lock);
    if (is_there) {
        event_publish("vm.deleted", "{\"vm\":\"%s\"}", vm->config.name);
        vm_put(vm);
    }
    vm_put(vm);
    return 0;
}

struct vm *vm_get(const char *name)
{
    struct vm_entry *entry;

    mutex_lock(&registry_lock);
    entry = entry_find(name);
    if (entry != NULL)
        atomic_fetch_add(&entry->vm.references, 1);
    mutex_unlock(&registry_lock);
    return entry ? &entry->vm : NULL;
}

static atomic_int enable_errors;
static DEFINE_PERCPU(bool, is_enabled);

static void enable_here(void *unused)
{
    (void)unused;
    *this_cpu_ptr(is_enabled) = backend_cpu_enable() == 0;
    if (!*this_cpu_ptr(is_enabled))
        atomic_fetch_add(&enable_errors, 1);
}

static void disable_here(void *unused)
{
    (void)unused;
    if (*this_cpu_ptr(is_enabled))
        backend_cpu_disable();
}

/* For whoever asks why one host's guests are told of what another's are not. */
static void features_log(void)
{
    char text[160] = "";
    size_t n = 0;

    for (const char *const *name = backend_features(); *name != NULL && n < sizeof(text); name++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, " %s", *name);
    log_info("vmm: %s:%s", backend_name(), text);
}

static int vmm_start(void)
{
    struct thread *t;
    int error;

    mutex_init(&registry_lock, LOCK_RANK_AGENT);
    for (unsigned i = 0; i < cpu_count(); i++) {
        error = backend_cpu_prepare(i);
        if (error)
            return error;
    }
    cpu_call_all(enable_here, NULL);
    if (atomic_load(&enable_errors) != 0) {
        cpu_call_all(disable_here, NULL); /* guests could run on some CPUs only: on none */
        log_warning("vmm: no virtualization: no VMs on this host");
        return 0;
    }
    error = backend_init();
    if (error)
        return error;
    error = thread_create(
        &(struct thread_params){
            .name = "vmm", .prio = THREAD_PRIO_SERVICE, .cpu = THREAD_CPU_ANY, .fn = manager},
        &t);
    if (error)
        return error;
    thread_detach(t);
    is_available = true;
    features_log();
    return 0;
}

BOOT_STEP(BOOT_SMP, vmm, vmm_start, NULL);
