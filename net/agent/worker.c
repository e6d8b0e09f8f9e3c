/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker.h"

#include <core/boot.h>
#include <core/sync.h>
#include <core/thread.h>
#include <core/waitq.h>
#include <net/net.h>

struct job_queue {
    struct spinlock lock;
    struct worker_job *first, **last; /* lock */
};

static struct job_queue waiting = {.lock = SPINLOCK_INIT(LOCK_RANK_QUEUE), .last = &waiting.first};
static struct job_queue finished = {.lock = SPINLOCK_INIT(LOCK_RANK_QUEUE), .last = &finished.first};
static struct waitq waiting_waitq = WAITQ_INIT(waiting_waitq);

static void queue_put(struct job_queue *queue, struct worker_job *job)
{
    job->next = NULL;
    spin_lock(&queue->lock);
    *queue->last = job;
    queue->last = &job->next;
    spin_unlock(&queue->lock);
}

/* All that is queued, in order. */
static struct worker_job *queue_take(struct job_queue *queue)
{
    struct worker_job *jobs;

    spin_lock(&queue->lock);
    jobs = queue->first;
    queue->first = NULL;
    queue->last = &queue->first;
    spin_unlock(&queue->lock);
    return jobs;
}

static bool queue_is_empty(const struct job_queue *queue)
{
    return __atomic_load_n(&queue->first, __ATOMIC_ACQUIRE) == NULL;
}

/*
 * What done() submits comes back in a later round: calls to the net thread that were made before its work
 * began have run by then.
 */
static void hand_back(struct net_call *call)
{
    struct worker_job *job = queue_take(&finished);

    while (job) {
        struct worker_job *next = job->next;

        job->done(job);
        job = next;
    }
}
static struct net_call finished_call = {.fn = hand_back};

void worker_submit(struct worker_job *job)
{
    queue_put(&waiting, job);
    waitq_wake_one(&waiting_waitq);
}

static void worker_main(void *arg)
{
    for (;;) {
        struct worker_job *job;

        wait_event(&waiting_waitq, !queue_is_empty(&waiting));
        job = queue_take(&waiting);
        while (job) {
            struct worker_job *next = job->next;

            job->work(job);
            queue_put(&finished, job);
            net_call(&finished_call);
            job = next;
        }
    }
}

/* Jobs that came before wait in the queue. */
static int worker_start(void)
{
    struct thread_params params = {
        .name = "agent", .prio = THREAD_PRIO_SERVICE, .cpu = THREAD_CPU_ANY, .fn = worker_main};
    struct thread *thread;
    int error = thread_create(&params, &thread);

    if (!error)
        thread_detach(thread);
    return error;
}

BOOT_STEP(BOOT_AGENT, agent_worker, worker_start, NULL);
