/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_VM_PUBLIC_H
#define VMM_VM_PUBLIC_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Virtual machines, as the management agent sees them. Names are unique; a struct vm * from vm_get() is a
 * reference. Calls that change a VM block until it is done (microseconds, but for start, which reads the
 * kernel): they belong on a worker thread.
 */
struct vm;

#define VM_NAME_MAX    64
#define VM_CMDLINE_MAX 2048
#define VM_VCPUS_MAX   1024 /* what 32-bit x2APIC ids and our tables are tested for */

enum vm_state { VM_CREATED, VM_RUNNING, VM_PAUSED, VM_STOPPED, VM_CRASHED, VM_STATES };

enum vm_restart { VM_RESTART_NEVER, VM_RESTART_ON_CRASH, VM_RESTART_ALWAYS };

/* How a guest can end its own run. */
enum vm_end { VM_END_NONE, VM_END_POWEROFF, VM_END_RESET, VM_END_DEBUG_EXIT, VM_END_CRASH };

struct vm_config {
    char name[VM_NAME_MAX + 1];
    unsigned vcpus;
    uint64_t memory;              /* bytes */
    unsigned address_bits;        /* of guest-physical addresses; 0: as few as the machine needs */
    char kernel[VM_NAME_MAX + 1]; /* image names */
    char initrd[VM_NAME_MAX + 1]; /* "" : none */
    char cmdline[VM_CMDLINE_MAX + 1];
    bool debug_exit;
    enum vm_restart restart;
};

/* Why a call failed: the field of the request, and a sentence for the operator. */
struct vm_error {
    const char *field;
    char detail[240];
};

/* A register, or a part of one ("cs", "base"). */
struct vm_register {
    const char *name, *part; /* part NULL: all of it; parts of a register stand together */
    uint64_t value;
};
#define VM_REGISTERS_MAX 80

struct vm_crash {
    char reason[200];
    const char *exit; /* why the vCPU had left the guest, as in the counts of exits */
    unsigned vcpu;
    const char *pc_name; /* "rip", "pc" */
    uint64_t pc;         /* address of the instruction that it was at */
    unsigned register_count;
    struct vm_register registers[VM_REGISTERS_MAX];
};

struct vm_info {
    struct vm_config config;
    enum vm_state state;
    uint64_t run_ns;         /* VM time */
    uint64_t overhead_bytes; /* host memory beyond the guest's RAM */
    bool has_dirty_log;      /* it is on */
    unsigned restarts;       /* by the restart policy, in a row: the one that is pending included */
    uint64_t restart_at_ns;  /* clock_now_ns() when it is to be started again; 0: it is not */
    bool has_exit_code;
    uint32_t exit_code;
    bool has_crash;
    struct vm_crash crash;
};

/* -EEXIST name taken, -ENOMEM does not fit (detail has figures), -EINVAL, -ENOENT image. *error is filled.
 * Context: thread. */
must_check int vm_create(const struct vm_config *config, struct vm **out, struct vm_error *error);

/* -EBUSY while it runs. Gives back every page; the reference of vm_create() or vm_get() is used up. Context:
 * thread. */
must_check int vm_delete(struct vm *vm, struct vm_error *error);

/* Actions: -EPERM in the wrong state. Context: thread. */
must_check int vm_start(struct vm *vm, struct vm_error *error);
must_check int vm_stop(struct vm *vm, struct vm_error *error);
must_check int vm_pause(struct vm *vm, struct vm_error *error);
must_check int vm_resume(struct vm *vm, struct vm_error *error);
must_check int vm_reset(struct vm *vm, struct vm_error *error);
must_check int vm_nmi(struct vm *vm, struct vm_error *error);

/* A reference by name, NULL if there is none; give it back. Context: thread. */
struct vm *vm_get(const char *name);
void vm_put(struct vm *vm);

void vm_info_get(struct vm *vm, struct vm_info *out);
const char *vm_state_name(enum vm_state state);

/* One vCPU's figures. -EINVAL: no such vCPU. */
struct vcpu_info {
    const char *activity;                 /* "running", "halted", "wait-sipi", "parked" */
    uint64_t run_ns, steal_ns, halted_ns; /* steal: it could have run, but others had the CPU */
    uint64_t exits_total;
};
must_check int vm_vcpu_info(struct vm *vm, unsigned vcpu, struct vcpu_info *out);
/* Exits by reason: names[i] and counts[i] until names[i] is NULL. */
void vm_exit_counts(struct vm *vm, const char *const **names, uint64_t *counts, unsigned max);

/* Locks taken and memory asked for or given back by handling exits, by reason. False: this build does not
 * count. */
must_check bool vm_exit_audits(struct vm *vm, uint64_t *locks, uint64_t *allocations, unsigned max);

/* Most reasons that vm_exit_counts() tells of. */
#define VM_EXIT_REASONS_MAX 64

/* How RAM is mapped for the guest now. Context: thread. */
struct vm_mappings {
    uint64_t pages_4k, pages_2m, pages_1g;
};
void vm_mappings_get(struct vm *vm, struct vm_mappings *out);

/*
 * The dirty log: which pages of RAM have been written since it was started, or last read. -EALREADY, -ENOMEM;
 * -EPERM: it is off. Context: thread.
 */
#define VM_DIRTY_PAGE_SIZE 4096

struct vm_dirty_range {
    uint64_t address; /* guest-physical */
    uint64_t pages;
};

struct vm_dirty_log {
    struct vm_dirty_range *ranges; /* filled in order of addresses */
    unsigned max, count;           /* room for; how many are filled */
    bool is_cut;                   /* there are more ranges than that */
    uint64_t pages;                /* dirty in all */
};
must_check int vm_dirty_log_start(struct vm *vm, struct vm_error *error);
must_check int vm_dirty_log_stop(struct vm *vm, struct vm_error *error);
/* Gives every dirty page, and with `is_clearing` begins anew. */
must_check int vm_dirty_log_read(struct vm *vm, bool is_clearing, struct vm_dirty_log *log,
                                 struct vm_error *error);

/* The VM's serial console; lives as long as the caller's reference. */
struct vm_console;
struct vm_console *vm_console(struct vm *vm);

#endif
