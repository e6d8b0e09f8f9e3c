/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Load for a Linux guest, and a look at what it does to time: `load SECONDS`, a static program. On every CPU
 * at once
 *
 *   forks    processes that end at once or become another program
 *   faults   memory that is touched, checked, protected and given back, by two threads of a process, so that
 * the other CPU's translations have to go each time timers   periodic timers by the dozen: after the time T
 * each must have expired T/interval times alarms   one-shot timers: how late they come at worst, for a thread
 * that nothing else precedes clocks   CLOCK_MONOTONIC must not go back from one CPU to another
 *
 * The last line has the counts as name=value.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_MS  1000000ULL
#define PAGE         4096UL
#define REGION_PAGES 512UL /* one large page's worth */
#define TIMERS       8     /* per CPU */
#define FIRST_MS     10    /* shortest interval */
#define LATE_NS      (100 * NSEC_PER_MS)

/* Shared by all processes. */
struct counts {
    _Atomic uint64_t forks, execs, faults, corrupt, failed;
    _Atomic uint64_t expirations, missing, surplus;
    _Atomic uint64_t alarms, late, late_max_ns;
    _Atomic uint64_t clock_reads, backwards, backwards_max_ns;
    _Atomic uint64_t newest_ns;
};

static struct counts *counts;
static uint64_t end_ns;
static unsigned cpus;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

static bool is_over(void)
{
    return now_ns() >= end_ns;
}

static void fail(const char *what)
{
    counts->failed++;
    printf("load: %s: %s\n", what, strerror(errno));
    fflush(stdout);
}

static void set_max(_Atomic uint64_t *max, uint64_t value)
{
    uint64_t old = *max;

    while (value > old && !atomic_compare_exchange_weak(max, &old, value))
        ;
}

static void pin(unsigned cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0)
        fail("affinity");
}

/* Before everything else: what is late then is not late because of the guest's own scheduler. */
static void be_urgent(void)
{
    if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 10}) != 0)
        fail("priority");
}

static void forks(unsigned cpu)
{
    for (unsigned i = 0; !is_over(); i++) {
        pid_t child = fork();
        int status;

        if (child == 0 && i % 4 == 0)
            execl("/bin/busybox", "true", (char *)NULL);
        if (child == 0)
            _exit(i % 4 == 0 ? 127 : 0);
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            fail("fork");
        counts->forks++;
        counts->execs += i % 4 == 0;
    }
}

static void touch_region(uint64_t seed)
{
    volatile uint64_t *region =
        mmap(NULL, REGION_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const size_t words = PAGE / sizeof(*region);

    if (region == MAP_FAILED) {
        fail("mmap");
        return;
    }
    for (uint64_t page = 0; page < REGION_PAGES; page++) {
        counts->corrupt += region[page * words + page % words] != 0;
        region[page * words + page % words] = seed + page;
    }
    if (mprotect((void *)region, REGION_PAGES / 2 * PAGE, PROT_READ) != 0)
        fail("mprotect");
    for (uint64_t page = 0; page < REGION_PAGES; page++)
        counts->corrupt += region[page * words + page % words] != seed + page;
    counts->faults += REGION_PAGES;
    munmap((void *)region, REGION_PAGES * PAGE);
}

static void *fault_thread(void *argument)
{
    unsigned cpu = (unsigned)(uintptr_t)argument;

    pin(cpu);
    for (uint64_t round = 1; !is_over(); round++)
        touch_region((round << 16) + ((uint64_t)cpu << 56));
    return NULL;
}

static void faults(unsigned cpu)
{
    pthread_t other;

    if (pthread_create(&other, NULL, fault_thread, (void *)(uintptr_t)((cpu + 1) % cpus)) != 0) {
        fail("thread");
        return;
    }
    fault_thread((void *)(uintptr_t)cpu);
    pthread_join(other, NULL);
}

struct periodic {
    int fd;
    uint64_t start_ns, interval_ns, expired;
};

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC)};
}

static int timer_arm(int fd, uint64_t at_ns, uint64_t interval_ns)
{
    struct itimerspec spec = {.it_interval = timespec_of(interval_ns), .it_value = timespec_of(at_ns)};

    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static void periodic_read(struct periodic *timer)
{
    uint64_t expirations;

    if (read(timer->fd, &expirations, sizeof(expirations)) == (ssize_t)sizeof(expirations))
        timer->expired += expirations;
}

/* One that is due right now may or may not have been counted. */
static void periodic_check(struct periodic *timer)
{
    uint64_t least = (now_ns() - timer->start_ns) / timer->interval_ns, most;

    periodic_read(timer);
    most = (now_ns() - timer->start_ns) / timer->interval_ns;
    counts->expirations += timer->expired;
    counts->missing += timer->expired + 1 < least ? least - timer->expired : 0;
    counts->surplus += timer->expired > most ? timer->expired - most : 0;
}

static void timers(unsigned cpu)
{
    struct periodic timer[TIMERS];
    struct epoll_event event;
    int poll = epoll_create1(0);

    pin(cpu);
    for (unsigned i = 0; i < TIMERS; i++) {
        timer[i] = (struct periodic){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK),
                                     .start_ns = now_ns(),
                                     .interval_ns = (FIRST_MS + 9 * i) * NSEC_PER_MS + 1000 * cpu};
        event = (struct epoll_event){.events = EPOLLIN, .data.u32 = i};
        if (timer_arm(timer[i].fd, timer[i].start_ns + timer[i].interval_ns, timer[i].interval_ns) != 0 ||
            epoll_ctl(poll, EPOLL_CTL_ADD, timer[i].fd, &event) != 0)
            fail("timer");
    }
    while (!is_over())
        if (epoll_wait(poll, &event, 1, 1000) == 1)
            periodic_read(&timer[event.data.u32]);
    for (unsigned i = 0; i < TIMERS; i++)
        periodic_check(&timer[i]);
}

static void alarms(unsigned cpu)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    unsigned seed = cpu;
    uint64_t expirations;

    pin(cpu);
    be_urgent();
    while (!is_over()) {
        uint64_t at_ns = now_ns() + 100000 + (uint64_t)rand_r(&seed) % (20 * NSEC_PER_MS), late_ns;

        if (timer_arm(fd, at_ns, 0) != 0 || read(fd, &expirations, sizeof(expirations)) < 0)
            fail("alarm");
        late_ns = now_ns() - at_ns;
        counts->alarms++;
        counts->late += late_ns > LATE_NS;
        set_max(&counts->late_max_ns, late_ns);
    }
}

static void clocks(unsigned cpu)
{
    pin(cpu);
    while (!is_over()) {
        for (unsigned i = 0; i < 50; i++) {
            uint64_t newest = counts->newest_ns, now = now_ns();

            if (now < newest) {
                counts->backwards++;
                set_max(&counts->backwards_max_ns, newest - now);
            }
            set_max(&counts->newest_ns, now);
            counts->clock_reads++;
        }
        usleep(2000);
    }
}

static void (*const kinds[])(unsigned cpu) = {forks, faults, timers, alarms, clocks};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void report(void)
{
    printf("forks=%llu execs=%llu faults=%llu corrupt=%llu failed=%llu ", (unsigned long long)counts->forks,
           (unsigned long long)counts->execs, (unsigned long long)counts->faults,
           (unsigned long long)counts->corrupt, (unsigned long long)counts->failed);
    printf("expirations=%llu missing=%llu surplus=%llu ", (unsigned long long)counts->expirations,
           (unsigned long long)counts->missing, (unsigned long long)counts->surplus);
    printf("alarms=%llu late=%llu late_max_us=%llu ", (unsigned long long)counts->alarms,
           (unsigned long long)counts->late, (unsigned long long)counts->late_max_ns / 1000);
    printf("clock_reads=%llu backwards=%llu backwards_max_ns=%llu\n", (unsigned long long)counts->clock_reads,
           (unsigned long long)counts->backwards, (unsigned long long)counts->backwards_max_ns);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED)
        return 1;
    end_ns = now_ns() + strtoull(argv[1], NULL, 10) * NSEC_PER_SEC;
    for (unsigned i = 0; i < KINDS * cpus; i++) {
        if (fork() == 0) {
            kinds[i % KINDS](i / (unsigned)KINDS);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    report();
    return 0;
}
