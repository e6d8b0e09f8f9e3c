# SPDX-License-Identifier: BSD-2-Clause
"""What /proc says of a process, its descendants and their threads."""

import contextlib
import os

def _tasks(pid):
    """Its threads; processes go away while one looks at them."""
    with contextlib.suppress(OSError):
        return os.listdir(f"/proc/{pid}/task")
    return []


def _read(path):
    with contextlib.suppress(OSError), open(path, "rb", buffering=0) as file:
        return file.read()
    return b""


def family(pid):
    """A process and its descendants."""
    pids = [pid]
    for parent in pids:
        for task in _tasks(parent):
            pids += map(int, _read(f"/proc/{parent}/task/{task}/children").split())
    return pids


def threads(pid):
    """(process, thread) of a process and its descendants."""
    return [(member, task) for member in family(pid) for task in _tasks(member)]


def schedstats(pid):
    """Of a process and its descendants: nanoseconds that each thread has run, and waited for a processor."""
    found = {}
    for member, task in threads(pid):
        fields = _read(f"/proc/{member}/task/{task}/schedstat").split()
        if len(fields) == 3:
            found[task] = int(fields[0]), int(fields[1])
    return found


def held(pid):
    """
    Threads of a process and its descendants that neither run nor wait for anything of ours: stopped (T), or in a wait that
    nothing interrupts (D), as for a disk.
    """
    states = {task: _read(f"/proc/{member}/task/{task}/stat").rpartition(b")")[2].split()[:1]
              for member, task in threads(pid)}
    return {task for task, state in states.items() if state in ([b"T"], [b"D"])}


def machine_ticks():
    """Ticks that this computer's processors have worked, and that a hypervisor below kept them from working."""
    with contextlib.suppress(ValueError):
        user, nice, system, _, _, irq, softirq, steal = map(int, _read("/proc/stat").split(b"\n")[0].split()[1:9])
        return user + nice + system + irq + softirq, steal
    return 0, 0
