/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_WORKER_H
#define AGENT_WORKER_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Work that may block, which the net thread must not: one thread does the jobs one after another, and hands
 * each back. Embedded in the caller's object.
 */
struct worker_job {
    struct worker_job *next;
    void (*work)(struct worker_job *job); /* context: the worker thread */
    void (*done)(struct worker_job *job); /* context: net thread; the job is the caller's again */
};

/*
 * Both calls of a job come in the order in which jobs were submitted. A job submitted by a done() is done in
 * a later round of the net thread. Context: net thread.
 */
void worker_submit(struct worker_job *job);

#endif
