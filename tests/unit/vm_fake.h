/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_VM_FAKE_H
#define TESTS_UNIT_VM_FAKE_H

/*
 * A host with VMs that are made up, below the agent's resources: vmm/vm.h with its states but no guests (the
 * consoles are real), and the net thread's and the worker's calls, run by settle().
 */

#include "../../vmm/dev/console.h"
#include "http_mock.h"
#include "vms.h"
#include "worker.h"

#include <core/log.h>
#include <core/time.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <net/net.h>
#include <stdarg.h>
#include <stdio.h>
#include <vmm/vm.h>

/* ---- VMs ---- */

#define FAKE_VMS 1024

struct vm {
    struct vm_config config;
    enum vm_state state;
    unsigned references;
    bool is_listed;
    struct vm_console *console;
    struct vm_info info;
};

static struct vm *fake_vms[FAKE_VMS];
static unsigned fake_alive;   /* VMs not given back */
static int fake_create_error; /* what the next calls return */
static int fake_start_error;

static inline int fake_fail(struct vm_error *error, int code, const char *field, const char *detail)
{
    error->field = field;
    snprintf(error->detail, sizeof(error->detail), "%s", detail);
    return code;
}

static inline struct vm *fake_find(const char *name)
{
    for (unsigned i = 0; i < FAKE_VMS; i++)
        if (fake_vms[i] && fake_vms[i]->is_listed && strcmp(fake_vms[i]->config.name, name) == 0)
            return fake_vms[i];
    return NULL;
}

int vm_create(const struct vm_config *config, struct vm **out, struct vm_error *error)
{
    struct vm *vm;
    unsigned i = 0;

    if (fake_create_error)
        return fake_fail(error, fake_create_error, "memory", "8 bytes do not fit: 4 bytes are free");
    if (strcmp(config->kernel, "linux") != 0)
        return fake_fail(error, -ENOENT, "kernel", "there is no such image");
    vm = calloc(1, sizeof(*vm));
    vm->config = *config;
    vm->references = 2;
    vm->is_listed = true;
    cr_assert_eq(console_create(&vm->console), 0);
    while (fake_vms[i])
        i++;
    fake_vms[i] = vm;
    fake_alive++;
    *out = vm;
    return 0;
}

void vm_put(struct vm *vm)
{
    cr_assert(vm->references > 0);
    if (--vm->references > 0)
        return;
    for (unsigned i = 0; i < FAKE_VMS; i++)
        if (fake_vms[i] == vm)
            fake_vms[i] = NULL;
    console_destroy(vm->console);
    free(vm);
    fake_alive--;
}

int vm_delete(struct vm *vm, struct vm_error *error)
{
    if (vm->state == VM_RUNNING || vm->state == VM_PAUSED)
        return fake_fail(error, -EBUSY, "state", "VM is running; stop it first");
    vm->is_listed = false;
    vm_put(vm);
    vm_put(vm);
    return 0;
}

struct vm *vm_get(const char *name)
{
    struct vm *vm = fake_find(name);

    if (vm)
        vm->references++;
    return vm;
}

static inline int fake_move(struct vm *vm, struct vm_error *error, unsigned from, enum vm_state to)
{
    if (!(from & 1U << vm->state))
        return fake_fail(error, -EPERM, "state", vm_state_name(vm->state));
    vm->state = to;
    return 0;
}

int vm_start(struct vm *vm, struct vm_error *error)
{
    if (fake_start_error)
        return fake_fail(error, fake_start_error, "kernel", "this is no kernel");
    return fake_move(vm, error, 1 << VM_CREATED | 1 << VM_STOPPED | 1 << VM_CRASHED, VM_RUNNING);
}

int vm_stop(struct vm *vm, struct vm_error *error)
{
    return fake_move(vm, error, 1 << VM_RUNNING | 1 << VM_PAUSED, VM_STOPPED);
}

int vm_pause(struct vm *vm, struct vm_error *error)
{
    return fake_move(vm, error, 1 << VM_RUNNING, VM_PAUSED);
}

int vm_resume(struct vm *vm, struct vm_error *error)
{
    return fake_move(vm, error, 1 << VM_PAUSED, VM_RUNNING);
}

int vm_reset(struct vm *vm, struct vm_error *error)
{
    return fake_move(vm, error, 1 << VM_RUNNING | 1 << VM_PAUSED, VM_RUNNING);
}

int vm_nmi(struct vm *vm, struct vm_error *error)
{
    return fake_move(vm, error, 1 << VM_RUNNING, VM_RUNNING);
}

struct vm_console *vm_console(struct vm *vm)
{
    return vm->console;
}

void vm_info_get(struct vm *vm, struct vm_info *out)
{
    *out = vm->info;
    out->config = vm->config;
    out->state = vm->state;
}

const char *vm_state_name(enum vm_state state)
{
    static const char *const names[] = {"created", "running", "paused", "stopped", "crashed"};

    return names[state];
}

int vm_dirty_log_start(struct vm *vm, struct vm_error *error)
{
    if (fake_start_error)
        return fake_fail(error, fake_start_error, NULL, "no memory");
    vm->info.has_dirty_log = true;
    return 0;
}

int vm_dirty_log_stop(struct vm *vm, struct vm_error *error)
{
    vm->info.has_dirty_log = false;
    return 0;
}

/* The first time there are two ranges; more than one does not fit from then on. */
int vm_dirty_log_read(struct vm *vm, bool is_clearing, struct vm_dirty_log *log, struct vm_error *error)
{
    if (!vm->info.has_dirty_log)
        return fake_fail(error, -EPERM, "dirty_log", "it is off");
    cr_assert_geq(log->max, 2);
    log->ranges[0] = (struct vm_dirty_range){0x3000, 2};
    log->ranges[1] = (struct vm_dirty_range){0x100000000, 512};
    log->count = is_clearing ? 1 : 2;
    log->is_cut = is_clearing;
    log->pages = 514;
    return 0;
}

void vm_mappings_get(struct vm *vm, struct vm_mappings *out)
{
    *out = (struct vm_mappings){.pages_4k = 7, .pages_2m = 8, .pages_1g = 9};
}

int vm_vcpu_info(struct vm *vm, unsigned vcpu, struct vcpu_info *out)
{
    if (vcpu >= vm->config.vcpus)
        return -EINVAL;
    *out = (struct vcpu_info){.activity = "halted",
                              .run_ns = 1500000000,
                              .steal_ns = 7000000,
                              .halted_ns = 2000000000,
                              .exits_total = 42 + vcpu};
    return 0;
}

void vm_exit_counts(struct vm *vm, const char *const **names, uint64_t *counts, unsigned max)
{
    static const char *const reasons[] = {"cpuid", "halt", NULL};

    cr_assert(max >= 2);
    *names = reasons;
    counts[0] = 3;
    counts[1] = 4;
}

bool vm_exit_audits(struct vm *vm, uint64_t *locks, uint64_t *allocations, unsigned max)
{
    locks[1] = 5;
    allocations[0] = 6;
    return true;
}

/* The guest prints. */
static inline void fake_print(const char *name, const char *text, size_t length)
{
    struct vm *vm = fake_find(name);

    cr_assert_not_null(vm);
    for (size_t i = 0; i < length; i++)
        console_put(vm->console, (uint8_t)text[i]);
}

/* ---- The net thread and the worker ---- */

static struct net_call *calls_first, **calls_last = &calls_first;
static struct net_timer *timers;
static struct worker_job *jobs_first, **jobs_last = &jobs_first;

static uint64_t fake_boot_ns; /* since 1970; 0: the date is not known */

uint64_t clock_now_ns(void)
{
    return mock_now;
}

uint64_t clock_wall_at_ns(uint64_t now_ns)
{
    return fake_boot_ns ? fake_boot_ns + now_ns : 0;
}

void log_write(enum log_level level, const char *format, ...)
{
}

void net_after_tx(struct net_after_tx *self)
{
    self->fn(self);
}

bool net_call(struct net_call *call)
{
    if (atomic_exchange(&call->is_queued, true))
        return false;
    call->next = NULL;
    *calls_last = call;
    calls_last = &call->next;
    return true;
}

void net_timer_cancel(struct net_timer *timer)
{
    for (struct net_timer **at = &timers; *at; at = &(*at)->next) {
        if (*at == timer) {
            *at = timer->next;
            break;
        }
    }
    timer->deadline_ns = 0;
}

void net_timer_arm(struct net_timer *timer, uint64_t deadline_ns)
{
    net_timer_cancel(timer);
    timer->deadline_ns = deadline_ns;
    timer->next = timers;
    timers = timer;
}

void worker_submit(struct worker_job *job)
{
    job->next = NULL;
    *jobs_last = job;
    jobs_last = &job->next;
}

/* One job; a test may hold jobs back to see what happens meanwhile. */
static inline bool run_job(void)
{
    struct worker_job *job = jobs_first;

    if (!job)
        return false;
    jobs_first = job->next;
    if (!jobs_first)
        jobs_last = &jobs_first;
    job->work(job);
    job->done(job);
    return true;
}

static inline bool run_call(void)
{
    struct net_call *call = calls_first;

    if (!call)
        return false;
    calls_first = call->next;
    if (!calls_first)
        calls_last = &calls_first;
    atomic_store(&call->is_queued, false);
    call->fn(call);
    return true;
}

static inline void settle(void)
{
    while (run_call() || run_job())
        ;
}

/* Time passes, with the timers that expire in it. */
static inline void pass(uint64_t ns)
{
    uint64_t end = mock_now + ns;

    for (;;) {
        struct net_timer *next = NULL;

        for (struct net_timer *timer = timers; timer; timer = timer->next)
            if (timer->deadline_ns <= end && (!next || timer->deadline_ns < next->deadline_ns))
                next = timer;
        if (!next)
            break;
        mock_now = MAX(mock_now, next->deadline_ns);
        net_timer_cancel(next);
        next->fn(next);
        settle();
    }
    mock_now = end;
}

/* ---- The server ---- */

static struct http_server *server;

static inline void start_server(void)
{
    struct http_config config = {.now_ns = mock_clock};

    config.routes = http_linked_routes(&config.n_routes);
    cr_assert_eq(http_server_create(&config, &server), 0);
}

static inline struct mock *connect_client(void)
{
    struct mock *m = malloc(sizeof(*m));

    mock_init(m);
    cr_assert_eq(http_conn_open(server, m, "peer", &m->conn), 0);
    return m;
}

static inline void disconnect_client(struct mock *m)
{
    if (!mock_gone(m))
        http_conn_lost(m->conn);
    mock_fini(m);
    free(m);
}

/* One request on a connection of its own; the whole answer, until the next call. */
static inline const char *request(const char *method, const char *path, const char *headers, const char *body)
{
    static char answer[1 << 20];
    struct mock *m = connect_client();
    char head[1024];

    snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n", method, path,
             headers, strlen(body));
    mock_send_str(m, head);
    if (body[0])
        mock_send_str(m, body);
    settle();
    snprintf(answer, sizeof(answer), "%s", m->out);
    disconnect_client(m);
    return answer;
}

static inline unsigned status_of(const char *answer)
{
    cr_assert_eq(strncmp(answer, "HTTP/1.1 ", 9), 0, "%.60s", answer);
    return (unsigned)strtoul(answer + 9, NULL, 10);
}

/* Creates a VM of that name. */
static inline void make_vm(const char *name)
{
    char body[256];

    snprintf(body, sizeof(body), "{\"name\":\"%s\",\"memory\":\"8M\",\"kernel\":\"linux\"}", name);
    cr_assert_eq(status_of(request("POST", "/v1/vms", "", body)), 201);
}

static inline unsigned act(const char *name, const char *action)
{
    char path[160];

    snprintf(path, sizeof(path), "/v1/vms/%s/actions/%s", name, action);
    return status_of(request("POST", path, "", ""));
}

/* Stops and deletes everything; nothing may be left. */
static inline void end_server(void)
{
    struct vm_record *record;

    while ((record = vms_next("")) != NULL) {
        char path[128];

        snprintf(path, sizeof(path), "/v1/vms/%s", record->name);
        record->vm->state = VM_STOPPED;
        cr_assert_eq(status_of(request("DELETE", path, "", "")), 204);
    }
    settle();
    cr_assert_eq(fake_alive, 0);
    http_server_destroy(server);
}

#endif
