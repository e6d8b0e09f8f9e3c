# SPDX-License-Identifier: BSD-2-Clause
"""Consoles: several clients at once, clients that do not read, input from all sides."""

from harness.config import check, check_equal
from harness.registry import with_vms
from harness.stopwatch import wait_until
from harness.vm import check_answers, make
from harness.ws import BINARY, CLOSE, TEXT, WebSocket

HOST = {"cpus": 2, "memory": "512M"}


@with_vms(**HOST)
def two_readers(t):
    """Two clients see the same bytes, whoever types, and a third that comes later sees what was before."""
    with make(t, "echo") as vm, WebSocket(t.api, f"{vm.path}/console") as one:
        vm.start()
        first = one.read_until(b"ready\n")
        with WebSocket(t.api, f"{vm.path}/console") as two:
            check_equal(two.read_until(b"ready\n"), first, "what a second client is told of the past")
            for client, word in ((one, b"left"), (two, b"right")):
                client.send(word + b"\n")
                said = one.read_until(b"you said " + word + b"\n")
                check_equal(two.read_until(b"you said " + word + b"\n"), said, "what the two see")
        vm.type("by request\n")
        one.read_until(b"you said by request\n")
        kept = vm.output().encode()
        with WebSocket(t.api, f"{vm.path}/console") as late:
            check_equal(late.read_until(b"by request\n"), kept, "what a late client sees")
        with WebSocket(t.api, f"{vm.path}/console?offset={len(first)}", protocol="basalt.console.v1") as told:
            check_equal(told.receive(), (TEXT, b'{"offset":%d}' % len(first)), "where it begins")
            check_equal(told.read_until(b"by request\n"), kept[len(first):], "what comes behind an offset")


@with_vms(**HOST)
def deletion_closes(t):
    """Clients of a VM that is deleted are told goodbye: 1001."""
    vm = make(t, "hello")
    with WebSocket(t.api, f"{vm.path}/console") as client:
        vm.run()
        client.read_until(b"PASS")
        vm.delete()
        kind, data = client.receive()
        while kind == BINARY:  # the rest of the line
            kind, data = client.receive()
        check_equal((kind, data[:2]), (CLOSE, (1001).to_bytes(2, "big")), "the last frame")


@with_vms(**HOST)
def clients_that_never_read(t):
    """They hold up neither the guest that floods its port, nor those that read, nor other VMs."""
    console = "/v1/vms/flood/console"
    with make(t, "echo", name="neighbour") as other, make(t, "flood") as vm:
        other.start()
        other.wait_output("ready")
        idle = [WebSocket(t.api, console, receive_buffer=4096) for _ in range(8)]
        vm.start()

        def written():
            answer = t.api.get(f"{console}/log?limit=1")
            return int(answer.header("x-oldest-offset"))

        wait_until(lambda: written() > 512 << 10, 30, "the guest's output stands still")
        before = written()
        check_answers(other, "meanwhile")
        with WebSocket(t.api, console) as reader:
            reader.read_until(b"XYZ\n0123456789abc")
        wait_until(lambda: written() > before + (256 << 10), 30, "the guest's output stands still")
        vm.action("stop")
        for client in idle:
            client.connection.close()
    t.host.check_alive()


@with_vms(**HOST)
def input_nobody_takes(t):
    """A guest that reads no input: 503 once its queue is full, and then as before."""
    with make(t, "spin") as vm:
        vm.start()
        vm.wait_output("ready")
        taken = 0
        for _ in range(20):
            answer = t.api.post(f"{vm.path}/console/input", b"x" * 1000)
            if answer.status != 200:
                break
            taken += answer.json()["accepted_bytes"]
        check_equal((answer.status, answer.code), (503, "input_full"), "answer when it is full")
        check(taken <= 4096 + 16, f"{taken} bytes of input were taken")
        vm.action("stop")
        answer = t.api.post(f"{vm.path}/console/input", b"x")
        check_equal((answer.status, answer.code), (409, "wrong_state"), "answer when it is stopped")
