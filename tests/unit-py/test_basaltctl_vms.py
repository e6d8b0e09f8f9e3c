# SPDX-License-Identifier: BSD-2-Clause
"""basaltctl vm ...: against a made-up host; the terminal is a real pseudo-terminal."""

import os
import pty
import select
import subprocess
import sys
import termios
import unittest

from fakevms import Vm
from toolcase import PATIENCE_S, TOOL, HostCase, again_after_stall, ctl, output_of, run, status_of, wait_until

CONFIG = {"name": "web", "vcpus": 2, "memory": "512M", "kernel": "linux"}


class VmCase(HostCase):
    def setUp(self):
        super().setUp()
        self.fake.images["linux"] = b"kernel"

    def vm(self, state="running", **more):
        vm = self.fake.vms[more.get("name", "web")] = Vm(CONFIG | more)
        vm.doc["state"] = state
        return vm

    def until(self, condition):
        wait_until(condition, PATIENCE_S, "it did not happen", pause=0.01)


class Commands(VmCase):
    def test_list_and_show(self):
        self.assertEqual(self.good("vms").lines, ["NAME  STATE  VCPUS  MEMORY  KERNEL  RAN  ENDED"])
        self.vm()
        crashed = self.vm("crashed", name="db")
        crashed.doc["crash"] = {"reason": "triple fault", "vcpu": 1, "rip": "0xfff0"}
        lines = self.good("vm").lines
        self.assertRegex(lines[1], r"^db +crashed +2 +512.0 MiB +linux +2.5 s  triple fault \(vCPU 1 at 0xfff0\)$")
        self.assertRegex(lines[2], r"^web +running .* -$")
        self.assertEqual(self.good("-q", "vm", "list").lines, ["db", "web"])
        self.assertEqual(len(self.good("--json", "vms").json()["items"]), 2)
        text = self.good("vm", "show", "web").out
        for part in (r"State +running", r"Memory +512.0 MiB and 98.7 KiB beyond it", r"Initrd +-",
                     r"vCPU 0 +halted, run 1.5 s, halted 0.0 s, 42 exits", r"Exits io +40"):
            self.assertRegex(text, part)
        self.assertNotIn("Exits nmi", text)
        self.assertIn("404 not_found", self.bad(5, "vm", "show", "nix"))

    def test_pending_restart(self):
        vm = self.vm("crashed").doc
        vm |= {"state": "crashed", "restart": "on-crash", "restarts": 2,
               "restart_pending": {"at": "2026-11-22T12:31:55.004Z", "in_ns": 1500000000}}
        self.assertRegex(self.good("vm", "show", "web").out,
                         r"Restart +on-crash, 2 in a row, the next one in 1.5 s \(2026-11-22T12:31:55.004Z\)")
        vm["restart_pending"]["at"] = None
        self.assertRegex(self.good("vm", "show", "web").out, r"Restart +on-crash, 2 in a row, the next one in 1.5 s\n")
        vm |= {"restart_pending": None, "restarts": 0}
        self.assertRegex(self.good("vm", "show", "web").out, r"Restart +on-crash\n")

    def test_dirty_log(self):
        self.vm()
        self.assertIn("409", self.bad(6, "vm", "dirty-log", "web"))
        self.assertEqual(self.good("vm", "dirty-log", "web", "start").lines, ["web: dirty log started"])
        result = self.ctl("vm", "dirty-log", "web")
        self.assertEqual(result.lines[1:], ["0x1000000      3  12.0 KiB", "0x2000000    256   1.0 MiB"])
        self.assertIn("259 pages of 4096 bytes", result.err)
        self.assertEqual(self.good("--json", "vm", "dirty-log", "web", "read").json()["dirty_pages"], 259)
        self.assertEqual(self.good("--json", "vm", "dirty-log", "web").json()["ranges"], [])
        self.assertEqual(self.good("-q", "vm", "dirty-log", "web", "stop").lines, ["web"])
        self.assertIn("ACTION", self.bad(2, "vm", "dirty-log", "web", "jump"))

    def test_create(self):
        self.assertEqual(self.good("vm", "create", "web", "--kernel", "linux", "--vcpus", "2", "--cmdline",
                                   "console=ttyS0", "--restart", "always", "--debug-exit").lines, ["web: created"])
        doc = self.fake.vms["web"].doc
        self.assertEqual((doc["vcpus"], doc["memory"], doc["cmdline"], doc["restart"], doc["debug_exit"], doc["initrd"]),
                         (2, 512 << 20, "console=ttyS0", "always", True, None))
        self.assertNotIn("address_bits", doc)
        self.good("vm", "create", "far", "--kernel", "linux", "--address-bits", "48")
        self.assertEqual(self.fake.vms["far"].doc["address_bits"], 48)
        self.assertIn("Address bits", self.good("vm", "show", "far").out)
        self.assertIn("409 exists, field name", self.bad(6, "vm", "create", "web", "--kernel", "linux"))
        self.assertIn("field kernel", self.bad(1, "vm", "create", "x", "--kernel", "nix"))
        self.assertIn("4 GiB are free", self.bad(4, "vm", "create", "x", "--kernel", "linux", "--memory", "900G"))
        self.assertIn("--kernel", self.bad(2, "vm", "create", "x"))
        self.assertEqual(self.good("vm", "create", "y", "--kernel", "linux", "--memory", "8388608", "--start").lines,
                         ["y: running"])
        self.assertEqual(self.fake.vms["y"].doc["memory"], 8388608)

    def test_create_uploads_files(self):
        kernel, initrd = self.file("vmlinuz", 5000), self.file("initrd.gz", 7000)
        self.good("vm", "create", "a", "--kernel", kernel, "--initrd", initrd)
        self.assertEqual(self.fake.images["vmlinuz"], kernel.read_bytes())
        doc = self.fake.vms["a"].doc
        self.assertEqual((doc["kernel"], doc["initrd"]), ("vmlinuz", "initrd.gz"))
        self.good("vm", "create", "b", "--kernel", kernel, "--initrd", initrd)
        self.assertEqual(sum(r[0] == "PUT" for r in self.fake.requests), 2, "what is there is not sent again")
        self.assertIn("No such file", self.bad(2, "vm", "create", "c", "--kernel", "./nix"))
        self.assertNotIn("c", self.fake.vms)

    def test_actions(self):
        vm = self.vm("created")
        for action, said, state in (("start", "started", "running"), ("pause", "paused", "paused"),
                                    ("resume", "resumed", "running"), ("nmi", "interrupted", "running"),
                                    ("reset", "reset", "running"), ("stop", "stopped", "stopped")):
            self.assertEqual(self.good("vm", action, "web").lines, [f"web: {said}"])
            self.assertEqual(vm.doc["state"], state)
        self.assertIn("VM web is stopped (HTTP 409 wrong_state", self.bad(6, "vm", "pause", "web"))
        self.vm(name="b")
        result = self.ctl("vm", "stop", "nix", "b", "web")
        self.assertEqual((result.status, result.lines), (6, ["b: stopped"]))
        self.assertEqual(result.err.count("\n"), 2)

    def test_delete(self):
        self.vm()
        self.assertIn("stop it first", self.bad(6, "vm", "delete", "web"))
        self.assertEqual(self.good("vm", "delete", "--force", "web", "nix").lines, ["web: deleted"])
        self.assertEqual(self.fake.vms, {})

    @again_after_stall
    def test_wait(self):
        vm = self.vm()
        self.assertEqual(self.good("vm", "wait", "web", "--for", "running").lines, ["web: running"])
        self.assertIn("gave up", self.bad(3, "vm", "wait", "web", "--timeout", "0.2"))
        vm.doc |= {"state": "stopped", "exit_code": 7}
        self.assertEqual(self.good("vm", "wait", "web").lines, ["web: stopped, exit code 7"])
        vm.doc |= {"state": "crashed", "crash": {"reason": "triple fault", "vcpu": 0, "rip": "0x10"}}
        self.assertIn("crashed: triple fault (vCPU 0 at 0x10)", self.bad(1, "vm", "wait", "web"))
        vm.doc["crash"]["registers"] = {"rax": "0x1", "cr3": "0x2000", "cs": {"selector": "0x8", "base": "0x0"}}
        shown = self.good("vm", "show", "web").out
        self.assertIn("rax=0x1  cr3=0x2000", shown)
        self.assertIn("cs: selector 0x8, base 0x0", shown)
        self.bad(5, "vm", "wait", "nix")

    def test_log(self):
        vm = self.vm()
        vm.output = bytes(range(256)) * 20
        self.fake.log_page = 1000
        self.assertEqual(self.good("vm", "log", "web").bytes, vm.output)
        self.assertEqual(self.good("vm", "log", "web", "--offset", "5100").bytes, vm.output[5100:])
        vm.output = b"hello\n"
        self.assertEqual(self.good("--json", "vm", "log", "web").json(),
                         {"offset": 0, "next_offset": 6, "text": "hello\n"})

    def test_completion(self):
        self.vm()
        result = run("__complete", "bash", f"basaltctl --host {self.fake.label} vm start ")
        self.assertEqual(result.lines, ["web"])


class Process:
    """The tool as a process on a pseudo-terminal, or with a pipe."""

    def __init__(self, case, *argv, terminal=True):
        self.master, slave = pty.openpty() if terminal else (None, subprocess.PIPE)
        self.slave = slave
        self.before = termios.tcgetattr(slave) if terminal else None
        environment = dict(os.environ, PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1")
        stdout = slave if terminal else subprocess.PIPE
        self.process = subprocess.Popen([sys.executable, str(TOOL), "--host", case.fake.label, *argv], stdin=slave,
                                        stdout=stdout, stderr=slave if terminal else subprocess.PIPE, env=environment)
        case.addCleanup(self.end)
        self.seen = b""
        self.case = case

    def type(self, data):
        os.write(self.master, data)

    def expect(self, text):
        def has_come():
            if text not in self.seen and select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 4096)
            return text in self.seen

        wait_until(has_come, PATIENCE_S, lambda: f"no {text!r} in {self.seen!r}", pause=0)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        if self.master is not None:
            os.close(self.master)
            os.close(self.slave)
            self.master = None


class Console(VmCase):
    def test_a_terminal(self):
        vm = self.vm()
        vm.output = b"booted\r\n# "
        tool = Process(self, "vm", "console", "web")
        tool.expect(b"Ctrl-] detaches\r\n")
        tool.expect(b"booted\r\n# ")
        self.assertFalse(termios.tcgetattr(tool.slave)[3] & (termios.ICANON | termios.ECHO | termios.ISIG))
        tool.type(b"ls\r\x03")
        tool.expect(b"<ls\r\x03>")
        tool.type(b"last\x1dnot sent")
        self.assertEqual(status_of(tool.process), 0)
        tool.expect(b"web: detached")
        self.assertEqual(termios.tcgetattr(tool.slave), tool.before)
        self.until(lambda: (10, b"there?") in self.fake.frames)

    def test_reconnects_where_it_was(self):
        vm = self.vm()
        vm.output = b"one "
        tool = Process(self, "vm", "console", "web")
        tool.expect(b"one ")
        vm.say(b"two ")
        tool.expect(b"two ")
        tool.type(b"drop")
        tool.expect(b"reconnecting")
        vm.say(b"three ")
        tool.expect(b"three ")
        tool.type(b"x")
        tool.expect(b"<x>")
        self.assertEqual(tool.seen.count(b"one"), 1)
        tool.type(b"\x1d")
        self.assertEqual(status_of(tool.process), 0)

    def test_what_was_overwritten_is_told(self):
        vm = self.vm()
        vm.output = b"one "
        tool = Process(self, "vm", "console", "web")
        tool.expect(b"one ")
        vm.output, vm.first = b"x" * 100 + b"new", 100
        tool.type(b"drop")
        tool.expect(b"new")
        tool.expect(b"96 bytes of output were overwritten")
        tool.type(b"\x1d")
        self.assertEqual(status_of(tool.process), 0)

    def test_detaches_while_reconnecting(self):
        self.vm().output = b"one "
        tool = Process(self, "vm", "console", "web")
        tool.expect(b"one ")
        self.fake.server.socket.close()
        tool.type(b"drop")
        tool.expect(b"reconnecting")
        tool.type(b"\x1d")
        self.assertEqual(status_of(tool.process), 0)
        self.assertEqual(termios.tcgetattr(tool.slave), tool.before)

    def test_ends_with_the_vm(self):
        vm = self.vm("stopped")
        vm.output = b"last words"
        tool = Process(self, "vm", "console", "web")
        tool.expect(b"last words")
        self.good("vm", "delete", "web")
        tool.expect(b"web: VM deleted")
        self.assertEqual(status_of(tool.process), 0)
        self.assertEqual(termios.tcgetattr(tool.slave), tool.before)

    def test_restores_the_terminal_when_terminated(self):
        self.vm().output = b"hello"
        tool = Process(self, "vm", "console", "web")
        tool.expect(b"hello")
        tool.process.terminate()
        self.assertEqual(status_of(tool.process), 130)
        self.assertEqual(termios.tcgetattr(tool.slave), tool.before)

    def test_no_such_vm(self):
        tool = Process(self, "vm", "console", "nix")
        tool.expect(b"There is no VM nix")
        self.assertEqual(status_of(tool.process), 5)
        self.assertEqual(termios.tcgetattr(tool.slave), tool.before)

    def test_a_script(self):
        self.vm().output = b"# "
        tool = Process(self, "vm", "console", "web", terminal=False)
        out, err = output_of(tool.process, b"uname\n" + b"\x1d" + b"y" * 70000)
        self.assertEqual((tool.process.returncode, err), (0, b""))
        self.assertTrue(out.startswith(b"# <uname\n"), out[:50])
        self.assertEqual(out.count(b"y"), 70000)
        self.assertEqual(out.count(b"\x1d"), 1)

    def test_create_and_attach(self):
        tool = Process(self, "vm", "create", "new", "--kernel", "linux", "--console")
        tool.expect(b"console of new")
        self.until(lambda: "new" in self.fake.vms)
        self.assertEqual(self.fake.vms["new"].doc["state"], "running")
        self.fake.vms["new"].say(b"up")
        tool.expect(b"up")
        tool.type(b"\x1d")
        self.assertEqual(status_of(tool.process), 0)

    def test_follows_the_log(self):
        vm = self.vm("stopped")
        vm.output = b"0123456789"
        tool = Process(self, "vm", "log", "-f", "--offset", "4", "web")
        tool.expect(b"456789")
        vm.say(b"more")
        tool.expect(b"more")
        self.assertNotIn(b"0123", tool.seen)
        self.good("vm", "delete", "web")
        self.assertEqual(status_of(tool.process), 0)


class Frames(unittest.TestCase):
    def test_lengths(self):
        for length in (0, 1, 125, 126, 65535, 65536):
            socket = object.__new__(ctl.WebSocket)
            socket.incoming, socket.outgoing = bytearray(), bytearray()
            socket.send(2, b"a" * length)
            head = socket.outgoing[:len(socket.outgoing) - length - 4]
            self.assertEqual(len(head), 2 + (0 if length < 126 else 2 if length < 65536 else 8))
            mask = socket.outgoing[len(head):len(head) + 4]
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(socket.outgoing[len(head) + 4:]))
            self.assertEqual(data, b"a" * length)
            # The same without mask is what the host sends.
            frame = bytearray(head)
            frame[1] &= 0x7f
            whole = bytes(frame) + data
            for cut in (0, 1, len(frame), len(whole) - 1):
                if cut < len(whole):
                    socket.incoming = bytearray(whole[:cut])
                    self.assertIsNone(socket._frame())
            socket.incoming = bytearray(whole + b"\x82")
            self.assertEqual(socket._frame(), (2, data))


if __name__ == "__main__":
    unittest.main()
