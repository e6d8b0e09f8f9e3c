# SPDX-License-Identifier: BSD-2-Clause
"""basaltctl: shell completion, and what only a process of its own shows: signals, pipes, terminals."""

import contextlib
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
import unittest

from toolcase import PATIENCE_S, TOOL, HostCase, ctl, output_of, run, status_of, wait_until


class TestCompletion(HostCase):
    def complete(self, line, shell="fish", **more):
        result = run("__complete", shell, line, **more)
        self.assertEqual((result.status, result.err), (0, ""))
        return [item.split("\t")[0] for item in result.lines]

    def test_commands_and_groups(self):
        self.assertIn("images", self.complete("basaltctl "))
        self.assertEqual(self.complete("basaltctl im"), ["images", "image"])
        self.assertEqual(self.complete("basaltctl image "), ["list", "show", "push", "get", "rm"])
        self.assertEqual(self.complete("basaltctl --json --host http://a:1 host po"), ["poweroff"])
        self.assertEqual(self.complete("basaltctl nonsense "), [])

    def test_options_and_values(self):
        self.assertEqual(self.complete("basaltctl image push --if"), ["--if-changed"])
        self.assertIn("--no-header", self.complete("basaltctl images --"))
        self.assertEqual(self.complete("basaltctl log --level "), ["error", "warning", "info", "debug"])
        self.assertEqual(self.complete("basaltctl log --level=w"), ["--level=warning"])
        self.assertEqual(self.complete("basaltctl log --level=w", "bash"), ["warning"])
        self.assertEqual(self.complete("basaltctl completion "), ["bash", "zsh", "fish"])
        self.assertEqual(self.complete("basaltctl --token-file "), [":file"])
        self.assertEqual(self.complete("basaltctl image push "), [":file"])
        self.assertEqual(self.complete("basaltctl image push 'a b"), [":file"])

    def test_image_names_come_from_the_host(self):
        self.fake.images |= {"linux": b"", "lfs": b"", "other": b""}
        line = f"basaltctl --host {self.fake.label} image show l"
        self.assertEqual(self.complete(line), ["lfs", "linux"])
        self.assertEqual(self.complete("basaltctl image rm a ", env={"BASALT_HOST": self.fake.label}),
                         ["lfs", "linux", "other"])
        self.assertEqual(self.complete("basaltctl image show x "), [])

    def test_no_host_no_words(self):
        self.assertEqual(self.complete("basaltctl image show "), [])
        self.assertEqual(self.complete("basaltctl --host 127.0.0.1:1 image show "), [])

    def test_help_in_shells_that_show_it(self):
        self.assertEqual(run("__complete", "zsh", "basaltctl image sh").out, "show\tone image\n")
        self.assertEqual(run("__complete", "bash", "basaltctl image sh").out, "show\n")

    def test_scripts_parse(self):
        for shell, check in (("bash", ["-n"]), ("zsh", ["-n"]), ("fish", ["--no-execute"])):
            with self.subTest(shell):
                script = self.good("completion", shell).out
                if not shutil.which(shell):
                    continue
                path = self.folder / shell
                path.write_text(script)
                done = subprocess.run([shell, *check, path], capture_output=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_bash_completes(self):
        self.fake.images |= {"vmlinuz": b""}
        program = f'''PATH={TOOL.parent}:$PATH; source <(basaltctl completion bash)
            try() {{
                COMP_LINE=$1 COMP_POINT=${{#1}}; _basaltctl basaltctl "$2" ""
                printf '%s,' "${{COMPREPLY[@]}}"; echo; }}
            try "basaltctl image sh" sh
            try "basaltctl --host {self.fake.url} image get vm" vm
            cd /; try "basaltctl image push et" et'''
        done = subprocess.run(["bash", "-c", program], capture_output=True, check=True, text=True)
        self.assertEqual(done.stdout.splitlines(), ["show,", "vmlinuz,", "etc,"])


class TestProcess(HostCase):
    """What only a process of its own shows: signals, pipes, terminals."""

    def spawn(self, *argv, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("BASALT_")}
        env["BASALT_HOST"] = self.fake.label
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": env} | more
        return subprocess.Popen([sys.executable, TOOL, *argv], **more)

    def interrupt(self, process, ready):
        wait_until(ready, PATIENCE_S, "the tool does not ask", pause=0.02)
        process.send_signal(signal.SIGINT)
        out, err = output_of(process)
        self.assertEqual((process.returncode, err), (130, b"basaltctl: interrupted\n"))
        return out

    def test_interrupt(self):
        self.fake.linger = 30
        self.interrupt(self.spawn("events", "-f"), lambda: "/v1/events" in [r[1] for r in self.fake.requests])

    def test_interrupt_of_a_fleet(self):
        self.fake.linger = 30
        fleet = f"{self.fake.label},localhost:{self.fake.port}"
        process = self.spawn("--host", fleet, "events", "-f", "--since", "0")
        self.interrupt(process, lambda: [r[1] for r in self.fake.requests].count("/v1/events") == 2)

    def test_broken_pipe_is_quiet(self):
        self.fake.log = [self.fake.log[0] | {"message": "x" * 1000}] * 900
        fleet = f"{self.fake.label},localhost:{self.fake.port}"
        for argv in (["log"], ["log", "--json"], ["--host", fleet, "log"]):
            with self.subTest(argv):
                process = self.spawn(*argv)
                process.stdout.read(10)
                process.stdout.close()
                self.assertEqual((process.stderr.read(), status_of(process)), (b"", 141))
                process.stderr.close()

    def test_long_output_is_whole_with_and_without_buffers(self):
        self.fake.log = [self.fake.log[0] | {"message": "x" * 1000}] * 900
        for value in ("", "1"):
            env = {"BASALT_HOST": self.fake.label, "PYTHONUNBUFFERED": value}
            process = self.spawn("log", "--json", env=env)
            time.sleep(0.3)     # the pipe fills up
            self.assertEqual(len(json.loads(output_of(process)[0])["entries"]), 900)

    def test_full_and_closed_output(self):
        with open("/dev/full", "wb") as full:
            process = self.spawn("images", stdout=full)
            _, err = output_of(process)
        self.assertEqual(process.returncode, 2)
        self.assert_one_line(err.decode())
        process = self.spawn("images", stdout=None, preexec_fn=lambda: os.close(1))
        _, err = output_of(process)
        self.assertEqual(process.returncode, 2)
        self.assert_one_line(err.decode())

    def test_progress_only_on_a_terminal(self):
        path = self.file(size=20 << 20)
        process = self.spawn("image", "push", path, "x")
        out, err = output_of(process)
        self.assertEqual((process.returncode, err), (0, b""))
        main, side = pty.openpty()
        process = self.spawn("image", "push", path, "x", stderr=side)
        os.close(side)
        seen = b""
        with contextlib.suppress(OSError):
            while block := os.read(main, 4096):
                seen += block
        out = output_of(process)[0]
        os.close(main)
        self.assertEqual(process.returncode, 0)
        self.assertIn(b"replaced", out)
        self.assertRegex(seen.decode(), r"\rx \[#*\.*\] +\d+%  .*iB/20\.0 MiB  .*/s  ETA \d\d:\d\d:\d\d")
        self.assertTrue(seen.endswith(b"\r\x1b[K"))

    def test_progress_fits_the_terminal(self):
        for columns in (10, 20, 40, 80, 200):
            for total in (None, 1000):
                line = ctl.Progress.render("a-name-that-is-quite-long-really", 500, total, 100.0, columns)
                self.assertLess(len(line), columns)

    def test_question_on_a_terminal(self):
        for answer, want, actions in ((b"n\n", 2, []), (b"y\n", 0, ["reboot"])):
            main, side = pty.openpty()
            process = self.spawn("host", "reboot", stdin=side)
            os.close(side)
            os.write(main, answer)
            _, err = output_of(process)
            os.close(main)
            self.assertEqual((process.returncode, self.fake.actions), (want, actions))
            self.assertIn(f"Reboot {self.fake.label}? [y/N]".encode(), err)


if __name__ == "__main__":
    unittest.main()
