# SPDX-License-Identifier: BSD-2-Clause
"""The life of VMs: states and what they refuse, restarts, the switch, and deletion."""

import contextlib
import time

from harness.config import check, check_equal
from harness.registry import with_vms
from harness.stopwatch import at_most, wait_until
from harness.vm import make, neighbour

HOST = {"cpus": 2, "memory": "512M"}


@contextlib.contextmanager
def busy_host(t, vms=2):
    """Guests that leave no CPU idle and let nobody in by themselves."""
    with contextlib.ExitStack() as stack:
        for n in range(vms):
            vm = stack.enter_context(make(t, "spin", name=f"busy-{n}", vcpus=2, cmdline="cpus=2"))
            vm.start()
            vm.wait_output("ready")
        yield


@with_vms(arguments={"vcpus": [1, 16]}, **HOST)
def delete_on_busy_host(t, vcpus):
    """Guests that use every CPU do not keep a VM from being deleted, nor requests from being answered."""
    with busy_host(t):
        vm = make(t, "hello", vcpus=vcpus)
        vm.start()
        vm.wait_end()
        with at_most(3, "the deletion"):
            vm.delete()
        with at_most(2, "the next request"):
            check_equal(t.api.get("/v1/vms/hello").status, 404, "status of what was deleted")


# What each state refuses; DELETE is its own request.
REFUSED = {
    "created": ("stop", "pause", "resume", "reset", "nmi"),
    "running": ("start", "resume", "DELETE"),
    "paused": ("start", "pause", "nmi", "DELETE"),
    "stopped": ("stop", "pause", "resume", "reset", "nmi"),
    "crashed": ("stop", "pause", "resume", "reset", "nmi"),
}


def check_refused(vm, state):
    check_equal(vm.info()["state"], state, "state")
    for action in REFUSED[state]:
        answer = vm.api.delete(vm.path) if action == "DELETE" else vm.try_action(action)
        problem = answer.json()
        check_equal((answer.status, problem["code"], problem["field"]), (409, "wrong_state", "state"),
                    f"{action} while {state}")
        check(state in problem["detail"], f"{action} while {state}: {problem['detail']!r}")
        check_equal(vm.info()["state"], state, f"state after {action}")


@with_vms(**HOST)
def wrong_states(t):
    """What a state does not allow is refused with its name, and changes nothing."""
    with make(t, "echo") as vm:
        check_refused(vm, "created")
        vm.start()
        vm.wait_output("ready")
        check_refused(vm, "running")
        vm.action("pause")
        check_refused(vm, "paused")
        vm.action("stop")
        check_refused(vm, "stopped")
        vm.start()
    with make(t, "triple") as vm:
        vm.start()
        vm.wait_state("crashed")
        check_refused(vm, "crashed")
        vm.start()
        vm.wait_state("crashed")
    for request in ((t.api.post, "/v1/vms/nix/actions/start"), (t.api.delete, "/v1/vms/nix"), (t.api.get, "/v1/vms/nix"),
                    (t.api.get, "/v1/vms/nix/console/log"), (t.api.post, "/v1/vms/nix/actions/jump")):
        check_equal(request[0](request[1]).status, 404, f"status of {request[1]}")


@with_vms(**HOST)
def reset(t):
    """The machine begins anew: memory contents and devices, running or paused; the console's record goes on."""
    with make(t, "echo", vcpus=2) as vm:
        vm.start()
        output = vm.wait_output("ready")
        for state in ("running", "paused"):
            if state == "paused":
                vm.action("pause")
            check_equal(vm.action("reset")["state"], "running", f"state after reset while {state}")
            output = vm.wait_output("ready", after=len(output))
            check_equal(output.count("guest echo"), output.count("ready"), "beginnings")
            vm.type("again\n")
            output = vm.wait_output("you said again", after=len(output))


@with_vms(**HOST)
def nothing_is_left_over(t):
    """Interrupts in service, requested and on their way do not outlive the machine that they belong to."""
    with make(t, "leftover") as vm:
        vm.start()
        output = vm.wait_output("stuck")
        for actions in (("stop", "start"), ("reset",), ("pause", "reset"), ("nmi", "stop", "start"), ("nmi", "reset")):
            vm.type("xyz")  # waits in the UART
            for action in actions:
                vm.action(action)
            output = vm.wait_output("stuck", after=len(output))
        check("FAIL" not in output, f"it said {output[-600:]!r}")
        vm.type("e")
        check_equal(vm.wait_end()["exit_code"], 0, "exit code")


with_vms(["qemu-virt-arm64-gicv2"], **HOST)(nothing_is_left_over)


def log_times(t, offset, vm, text):
    """The host's times, in seconds, of what it says about a VM."""
    entries = t.api.get_json(f"/v1/host/log?limit=1000&offset={offset}")["entries"]
    return [e["time_ns"] / 1e9 for e in entries if e["message"].startswith(f"vm {vm.name}: ") and text in e["message"]]


def log_end(t):
    page = {"entries": True, "next_offset": 0}
    while page["entries"]:
        page = t.api.get_json(f"/v1/host/log?limit=1000&offset={page['next_offset']}")
    return page["next_offset"]


def pause_before_restart(number):
    """Seconds from a crash, the `number`th in a row, to the start that follows."""
    return 2 ** (number - 1)


def wait_pending(t, offset, vm, crashes):
    """
    The VM when it waits for a start after at least so many crashes, and how many there have been. A start may be due at any
    moment, or late; what the API says counts if no crash has come between the log's entries before it and those after it.
    """
    found = []

    def is_pending():
        before, info = log_times(t, offset, vm, "crashed"), vm.info()
        found[:] = info, len(before)
        return len(before) >= crashes and info["restart_pending"] and before == log_times(t, offset, vm, "crashed")

    wait_until(is_pending, 30, lambda: f"after {found[1]} crashes it is {found[0]['state']}, to be started again: "
                                       f"{found[0]['restart_pending']}")
    return found


def is_stopped_while_pending(t):
    """False: the start was no longer pending when stop came."""
    offset = log_end(t)
    with make(t, "triple", restart="on-crash") as vm:
        vm.start()
        crashes = 0
        while crashes < 4:
            info, crashes = wait_pending(t, offset, vm, crashes + 1)
            check_equal(info["restarts"], crashes, "restarts in a row, with the pending one")
            check(info["restart_pending"]["in_ns"] <= pause_before_restart(crashes) * 1_000_000_000,
                  f"the start pending after {crashes} crashes: {info['restart_pending']}")
        info = vm.action("stop")
        if info["state"] == "stopped":
            return False
        check_equal((info["state"], info["restart_pending"]), ("crashed", None), "state after stop")
        check_equal(vm.try_action("stop").status, 409, "a second stop")
        ends, starts = log_times(t, offset, vm, "crashed"), log_times(t, offset, vm, "started again")
        pauses = [start - end for end, start in zip(ends, starts)]
        check_equal(len(pauses), len(ends) - 1, "pauses")
        for number, pause in enumerate(pauses, 1):  # a start comes late if the machine stands still, but never early
            check(pause > pause_before_restart(number) - 0.01, f"pauses: {pauses}")
        time.sleep(pause_before_restart(len(ends)) + 0.5)
        check_equal((vm.info()["state"], vm.output().count("guest ")), ("crashed", len(ends)),
                    "state and starts after stop")
    return True


@with_vms(timeout=120, **HOST)
def restarts_with_pauses(t):
    """A guest that always crashes is started again, each time after a longer pause; stop ends that."""
    with neighbour(t):
        while not is_stopped_while_pending(t):
            pass


@with_vms(**HOST)
def always_restarts(t):
    """Also after an orderly end, with the exit code of the run before to be seen meanwhile."""
    with make(t, "hello", restart="always") as vm:
        vm.start()
        info = vm.wait_state("stopped")
        check_equal(info["exit_code"], 0, "exit code")
        output = vm.wait_output("PASS")
        vm.wait_output("PASS", after=len(output))


@with_vms(**HOST)
def no_restart(t):
    """`never`, and `on-crash` when the guest has ended in order, or was stopped."""
    with make(t, "triple") as crash, make(t, "hello", restart="on-crash") as order, \
            make(t, "echo", restart="always") as stopped:
        for vm in (crash, order, stopped):
            vm.start()
        stopped.wait_output("ready")
        stopped.action("stop")
        ends = {vm: vm.wait_end()["state"] for vm in (crash, order, stopped)}
        time.sleep(2)
        for vm, state in ends.items():
            check_equal((vm.info()["state"], vm.output().count("guest ")), (state, 1), f"{vm.name}: state, starts")


@with_vms(**HOST)
def delete_while_restarting(t):
    """A VM that is about to be started again can be deleted all the same, and does not come back."""
    for _ in range(3):
        vm = make(t, "triple", restart="always")
        vm.start()
        # If this took longer than the pause it has come back meanwhile.
        wait_until(lambda: vm.wait_state("crashed") and t.api.delete(vm.path).status == 204, 30, "it cannot be deleted")
    time.sleep(1.5)
    check_equal(t.api.get("/v1/vms/triple").status, 404, "status of what was deleted")


@with_vms(**HOST)
def switch_on_spinning_processors(t):
    """Pause, reset and stop are immediate on processors that let nobody in, more of them than the host has."""
    with neighbour(t), make(t, "spin", vcpus=4, cmdline="cpus=4") as vm:
        vm.start()
        vm.wait_output("ready")
        for action, state in (("pause", "paused"), ("resume", "running"), ("reset", "running"), ("pause", "paused"),
                              ("reset", "running"), ("stop", "stopped")):
            with at_most(3, action):
                check_equal(vm.action(action)["state"], state, f"state after {action}")


@with_vms(**HOST)
def every_page_comes_back(t):
    """However a VM ended, deleting it gives back what it took: the host's free pages do not become fewer."""
    def free():
        return t.api.get_json("/v1/host")["memory"]["free_bytes"]

    def a_round():
        with make(t, "hello", vcpus=4) as vm:
            vm.run()
        with make(t, "triple", memory="16M") as vm:
            vm.start()
            vm.wait_state("crashed")
        with make(t, "spin", vcpus=3, cmdline="cpus=3") as vm:
            vm.start()
            vm.wait_output("ready")
            vm.action("pause")
        make(t, "echo", memory="64M").delete()

    figures = []
    for _ in range(8):
        a_round()
        figures.append(free())
    # The first rounds fill the caches of pages, stacks and objects; requests take and give a few pages.
    check(max(figures[3:5]) - max(figures[6:]) <= 64 << 10, f"free bytes after each round: {figures}")
