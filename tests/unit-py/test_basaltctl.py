# SPDX-License-Identifier: BSD-2-Clause
"""basaltctl against a host that lives in this process: results, every class of error, uploads, streams, completion."""

import contextlib
import hashlib
import importlib.machinery
import importlib.util
import io
import json
import os
import pathlib
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from fakehost import FakeHost

TOOL = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "basaltctl"


def load_tool():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("basaltctl", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("basaltctl", loader))
    sys.modules["basaltctl"] = module
    loader.exec_module(module)
    module.QUIET_GAP_S, module.RETRY_MIN_S, module.CONTINUE_WAIT_S = 0.2, 0.02, 0.3
    return module


ctl = load_tool()


class Result:
    def __init__(self, status, out, err):
        self.status, self.bytes, self.err = status, out, err
        self.out = out.decode("utf-8", "replace")
        self.lines = self.out.splitlines()

    def json(self):
        return json.loads(self.out)


def run(*argv, stdin=b"", env=None):
    """main() in this process, with its standard streams and environment replaced."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    saved, saved_in = dict(os.environ), sys.stdin
    for name in [n for n in os.environ if n.startswith("BASALT_")]:
        del os.environ[name]
    os.environ.update(env or {})
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = ctl.main([str(a) for a in argv])
            except SystemExit as leave:
                status = leave.code or 0
        out.flush()
        return Result(status, out.buffer.getvalue(), err.getvalue())
    finally:
        sys.stdin = saved_in
        os.environ.clear()
        os.environ.update(saved)


class RawServer:
    """Answers each connection with what script(socket, number) does: for servers no library would produce."""

    def __init__(self, script):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.label = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.script, self.number = script, 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                self.number += 1
                self.script(connection, self.number)

    def close(self):
        self.socket.close()


def read_head(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(4096)
        if not block:
            break
        data += block
    return data


class HostCase(unittest.TestCase):
    def setUp(self):
        self.fake = FakeHost()
        self.addCleanup(self.fake.close)
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def ctl(self, *argv, **more):
        return run("--host", self.fake.label, *argv, **more)

    def good(self, *argv, **more):
        result = self.ctl(*argv, **more)
        self.assertEqual((result.status, result.err), (0, ""))
        return result

    def bad(self, status, *argv, **more):
        """The command must fail with this status and exactly one line; returns the line."""
        result = self.ctl(*argv, **more)
        self.assert_one_line(result.err)
        self.assertEqual(result.status, status, result.err)
        return result.err

    def assert_one_line(self, text):
        self.assertRegex(text, r"\Abasaltctl: [^\n]+\n\Z")

    def raw(self, script):
        server = RawServer(script)
        self.addCleanup(server.close)
        return server.label

    def file(self, name="image.bin", size=300000):
        path = self.folder / name
        path.write_bytes(os.urandom(size))
        return path


class TestHost(HostCase):
    def test_summary(self):
        out = self.good("host").out
        for text in ("rack1-07", "qemu-q35-svm svm x86_64", "1d 02:03:04", "2 online of 2, 1 node",
                     "4.0 GiB total, 3.9 GiB free", "10.0.2.15/24 via 10.0.2.2 (dhcp)", "unknown boot option 'colour'"):
            self.assertIn(text, out)

    def test_summary_hides_token(self):
        out = self.good("host", "info").out
        self.assertNotIn("s3cret", out)
        self.assertIn("token=***", out)

    def test_json_is_the_api_document(self):
        self.assertEqual(self.good("--json", "host").json(), self.fake.doc)
        self.assertEqual(self.good("host", "--json").json(), self.fake.doc)

    def test_quiet_prints_the_name(self):
        self.assertEqual(self.good("host", "-q").out, "rack1-07\n")

    def test_missing_members_are_dashes(self):
        self.fake.doc = {"name": "bare", "network": [], "cpus": "none", "memory": None, "warnings": 3}
        self.assertIn("bare", self.good("host").out)

    def test_control_characters_are_shown_not_obeyed(self):
        self.fake.doc["name"] = "\x1b[2Jevil\nname"
        out = self.good("host").out
        self.assertNotIn("\x1b", out)
        self.assertIn(r"\x1b[2Jevil\nname", out)

    def test_config(self):
        self.assertIn('CONFIG_SVM=y\n', self.good("host", "config").out)
        self.assertEqual(self.good("host", "config", "--json").json(),
                         {"CONFIG_BOARD": "qemu-q35-svm", "CONFIG_SVM": "y"})

    def test_capabilities(self):
        self.assertRegex(self.good("capabilities").out, r"virtualization +svm\n")

    def test_version(self):
        self.assertEqual(run("version").out, f"basaltctl  {ctl.VERSION}\n")
        self.assertIn("0.1.0", self.good("version").lines[1])

    def test_keep_alive_uses_one_connection(self):
        for name in "abc":
            self.fake.images[name] = b"x"
        self.good("image", "rm", "a", "b", "c")
        self.assertEqual(len(self.fake.connections), 1)


class TestPower(HostCase):
    def test_needs_yes_without_terminal(self):
        self.assertIn("--yes", self.bad(2, "host", "reboot"))
        self.assertEqual(self.fake.actions, [])

    def test_reboot(self):
        self.assertEqual(self.good("host", "reboot", "--yes").out, "reboot accepted\n")
        self.assertEqual(self.fake.actions, ["reboot"])

    def test_poweroff_json(self):
        self.assertEqual(self.good("host", "poweroff", "-y", "--json").json(), {"status": "accepted"})

    def test_reboot_wait_sees_the_new_boot(self):
        def reboot(handler):
            handler.reply(202, {"status": "accepted"})
            threading.Timer(0.7, lambda: self.fake.doc.update(uptime_seconds=1)).start()
        self.fake.routes["POST", "/v1/host/actions/reboot"] = reboot
        self.assertIn("rebooted, answers again", self.good("host", "reboot", "--yes", "--wait").out)

    def test_reboot_wait_gives_up(self):
        self.assertIn("gave up after 0.3 s", self.bad(3, "host", "reboot", "--yes", "--wait", "0.3"))

    def test_poweroff_wait(self):
        def poweroff(handler):
            handler.reply(202, {"status": "accepted"})
            threading.Timer(0.2, self.fake.close).start()
        self.fake.routes["POST", "/v1/host/actions/poweroff"] = poweroff
        self.fake.close_quietly = True
        self.assertIn("stopped answering", self.good("host", "poweroff", "--yes", "--wait", "20").out)

    def test_post_is_not_sent_twice(self):
        posts = []

        def script(connection, _number):
            posts.append(read_head(connection))
        result = run("--host", self.raw(script), "host", "reboot", "-y")
        self.assertEqual((result.status, len(posts)), (3, 1))

    def test_new_boot_decision(self):
        old = {"uptime_seconds": 100}
        self.assertTrue(ctl.is_new_boot(old, {"uptime_seconds": 2}, 30, False))
        self.assertFalse(ctl.is_new_boot(old, {"uptime_seconds": 125}, 30, False))
        self.assertFalse(ctl.is_new_boot(old, {"uptime_seconds": 129}, 30, True))
        self.assertTrue(ctl.is_new_boot({"uptime_seconds": 1}, {"uptime_seconds": 3}, 10, True))
        self.assertTrue(ctl.is_new_boot({"boot_id": "a"}, {"boot_id": "b"}, 1, False))
        self.assertFalse(ctl.is_new_boot({"boot_id": "a"}, {"boot_id": "a", "uptime_seconds": 0}, 1, True))


class TestErrors(HostCase):
    def refuse(self, status, code="some_code", **more):
        self.fake.routes["GET", "/v1/host"] = lambda h: h.problem(status, code, f"detail of {status}", **more)

    def test_exit_status_of_each_class(self):
        table = {400: 1, 401: 7, 403: 7, 404: 5, 405: 1, 409: 6, 410: 5, 412: 6, 413: 1, 422: 1, 429: 1, 500: 4,
                 501: 4, 503: 4, 507: 4}
        for http_status, status in table.items():
            with self.subTest(http=http_status):
                self.refuse(http_status)
                line = self.bad(status, "host")
                self.assertIn(f"detail of {http_status} (HTTP {http_status} some_code", line)
                self.assertIn(self.fake.label, line)

    def test_field_and_retry_after(self):
        self.refuse(422, field="name")
        self.assertIn("field name", self.bad(1, "host"))
        self.refuse(503, Retry_After="7")
        self.assertIn("retry after 7", self.bad(4, "host"))

    def test_token_is_sent_and_missing_token_is_said(self):
        self.fake.token = "abc"
        self.assertIn("no token given", self.bad(7, "host"))
        self.assertNotIn("no token", self.bad(7, "--token", "wrong", "host"))
        self.good("--token", "abc", "host")
        self.good("host", env={"BASALT_TOKEN": "abc"})
        path = self.folder / "tokens"
        path.write_text("# operators\nabc admin\n")
        self.good("host", "--token-file", path)

    def test_bad_tokens(self):
        self.bad(2, "--token", "a b", "host")
        self.bad(2, "--token", "a\r\nX: y", "host")
        self.bad(2, "--token-file", self.folder / "none", "host")
        self.bad(2, "--token", "a", "--token-file", "b", "host")

    def test_problem_with_newlines_stays_one_line(self):
        self.fake.routes["GET", "/v1/host"] = lambda h: h.problem(400, "x", "one\ntwo\x1b[31m\r\nthree")
        self.assertNotIn("\x1b", self.bad(1, "host"))

    def test_errors_that_are_not_problem_documents(self):
        for body, kind in ((b"plain words\nmore", "text/plain"), (b"<html>", "text/html"), (b"[1,", "application/json"),
                           (b"[]", "application/problem+json"), (b"", "text/plain")):
            with self.subTest(body=body):
                self.fake.routes["GET", "/v1/host"] = lambda h, b=body, k=kind: h.reply(500, b, k)
                self.assertIn("HTTP 500", self.bad(4, "host"))

    def test_answers_that_are_not_the_api(self):
        for body in (b"not json", b"[]", b"", b"\xff\xfe", b"[" * 100000):
            with self.subTest(body=body[:8]):
                self.fake.routes["GET", "/v1/host"] = lambda h, b=body: h.reply(200, b)
                self.bad(4, "host")

    def test_redirect_is_an_error(self):
        self.fake.routes["GET", "/v1/host"] = lambda h: h.reply(302, b"", Location="http://elsewhere/")
        self.assertIn("location: http://elsewhere/", self.bad(4, "host"))

    def test_connection_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        result = run("--host", f"127.0.0.1:{port}", "host")
        self.assertEqual(result.status, 3)
        self.assertIn("cannot connect: Connection refused", result.err)
        self.assert_one_line(result.err)

    def test_network_failures(self):
        scripts = {
            "closed": (3, lambda c, n: read_head(c)),
            "silent": (3, lambda c, n: (read_head(c), time.sleep(1))),
            "cut body": (3, lambda c, n: (read_head(c), c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"))),
            "cut chunk": (3, lambda c, n: (read_head(c), c.sendall(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx"))),
            "not HTTP": (4, lambda c, n: (read_head(c), c.sendall(b"SSH-2.0-OpenSSH\r\n"))),
            "endless line": (4, lambda c, n: (read_head(c), c.sendall(b"HTTP/1.1 200 " + b"x" * 100000))),
        }
        for name, (status, script) in scripts.items():
            with self.subTest(name):
                result = run("--host", self.raw(script), "--timeout", "0.4", "host")
                self.assert_one_line(result.err)
                self.assertEqual(result.status, status, result.err)

    def test_answer_too_large(self):
        limit, ctl.MAX_ANSWER = ctl.MAX_ANSWER, 1000
        self.addCleanup(setattr, ctl, "MAX_ANSWER", limit)
        self.fake.routes["GET", "/v1/host"] = lambda h: h.reply(200, b" " * 5000)
        self.assertIn("larger than", self.bad(4, "host"))

    def test_stale_kept_connection_is_replaced(self):
        def script(connection, number):
            read_head(connection)
            body = b'{"items":[],"next_cursor":"2"}' if number == 1 else b'{"items":[{"name":"x"}]}'
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        result = run("--host", self.raw(script), "images", "-q")
        self.assertEqual((result.status, result.out), (0, "x\n"))

    def test_defect_is_one_line(self):
        saved = ctl.human_duration
        self.addCleanup(setattr, ctl, "human_duration", saved)
        ctl.human_duration = lambda value: 1 // 0
        self.assertIn("ZeroDivisionError", self.bad(70, "host"))


class TestUsage(HostCase):
    def test_one_line_and_status_2(self):
        for argv in ((), ("image",), ("nonsense",), ("image", "push"), ("log", "--level", "loud"), ("--timeout", "0", "host"),
                     ("--timeout", "nan", "host"), ("log", "--since-offset", "-1"), ("api", "GET", "v1"),
                     ("api", "G T", "/v1"), ("api", "GET", "/", "-H", "bad"), ("completion", "tcsh"), ("--js", "host"),
                     ("image", "push", "/nonexistent"), ("image", "push", "/"), ("image", "push", "-"),
                     ("events", "--since", "a b"), ("--cacert", "/nonexistent", "--host", "https://x", "host")):
            with self.subTest(argv):
                self.bad(2, *argv)

    def test_no_host(self):
        result = run("images")
        self.assertEqual((result.status, result.err), (2, "basaltctl: no host given: use --host or set BASALT_HOST\n"))

    def test_bad_hosts(self):
        for host in ("ftp://x", "http://", "a b", "x:99999", "u:p@x", "http://x/?q", "[::1", "." * 70):
            with self.subTest(host):
                result = run("--host", host, "images")
                self.assertEqual(result.status, 2, result.err)
                self.assert_one_line(result.err)

    def test_endpoints(self):
        for text, want in (("h", ("http", "h", 80, "", "h")), ("h:8080", ("http", "h", 8080, "", "h:8080")),
                           ("https://h/", ("https", "h", 443, "", "h")),
                           ("http://[::1]:81/base/", ("http", "::1", 81, "/base", "[::1]:81")),
                           ("fe80::1%eth0", ("http", "fe80::1%eth0", 80, "", "[fe80::1]")),
                           ("http://[fe80::1%25eth0]", ("http", "fe80::1%eth0", 80, "", "[fe80::1]"))):
            with self.subTest(text):
                end = ctl.Endpoint.parse(text)
                self.assertEqual((end.scheme, end.host, end.port, end.base, end.host_header()), want)

    def test_host_from_environment_and_base_path(self):
        self.assertEqual(run("host", "-q", env={"BASALT_HOST": self.fake.url + "/"}).out, "rack1-07\n")
        run("--host", self.fake.url + "/proxy/7", "host")
        self.assertEqual(self.fake.requests[-1][1], "/proxy/7/v1/host")

    def test_help_names_every_command(self):
        out = run("--help").out + run("image", "--help").out + run("host", "--help").out
        for path in ctl.COMMANDS:
            self.assertIn(path[-1], out)
        self.assertIn("exit status", out)

    @unittest.skipUnless(socket.has_ipv6, "no IPv6 here")
    def test_ipv6(self):
        try:
            with socket.create_server(("::1", 0), family=socket.AF_INET6):
                pass
        except OSError:
            self.skipTest("no IPv6 loopback")
        seen = []

        def script(connection, _number):
            seen.append(read_head(connection))
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"name":"v6"')
        server = RawServer.__new__(RawServer)
        server.socket = socket.create_server(("::1", 0), family=socket.AF_INET6)
        server.script, server.number = script, 0
        self.addCleanup(server.close)
        threading.Thread(target=server.serve, daemon=True).start()
        port = server.socket.getsockname()[1]
        run("--host", f"http://[::1]:{port}", "host")
        self.assertIn(f"Host: [::1]:{port}\r\n".encode(), seen[0])


class TestImages(HostCase):
    def test_list_pages_and_aligns(self):
        self.fake.page = 2
        for n in range(5):
            self.fake.images["i" * (n + 1)] = b"x" * 1024 ** n if n < 3 else b""
        lines = self.good("images").lines
        self.assertEqual(len(lines), 6)
        self.assertTrue(lines[0].startswith("NAME"))
        self.assertEqual(len({line.index("ready") for line in lines[1:]}), 1)
        self.assertIn("1.0 KiB", lines[2])
        self.assertEqual(len(self.good("image", "list", "--json").json()["items"]), 5)
        self.assertEqual(self.good("images", "--quiet").out, "i\nii\niii\niiii\niiiii\n")
        self.assertEqual(len(self.good("images", "--no-header").lines), 5)

    def test_paging_in_a_circle_ends(self):
        self.fake.routes["GET", "/v1/images"] = lambda h: h.reply(200, {"items": [], "next_cursor": "same"})
        self.assertIn("circle", self.bad(4, "images"))

    def test_empty_list_is_a_header(self):
        self.assertEqual(len(self.good("images").lines), 1)
        self.assertEqual(self.good("images", "-q").out, "")

    def test_push_show_get_rm(self):
        path = self.file()
        out = self.good("image", "push", path).out
        self.assertIn("image.bin: created, 293.0 KiB", out)
        self.assertIn(hashlib.sha256(path.read_bytes()).hexdigest(), out)
        self.assertEqual(self.fake.images["image.bin"], path.read_bytes())
        headers = next(h for m, _, h in self.fake.requests if m == "PUT")
        self.assertRegex(headers["Repr-Digest"], r"^sha-256=:.{44}:$")
        self.assertEqual((headers["Content-Length"], headers["Expect"]), ("300000", "100-continue"))
        self.assertIn("300000 bytes", self.good("image", "show", "image.bin").out)
        self.good("image", "get", "image.bin", self.folder / "back")
        self.assertEqual((self.folder / "back").read_bytes(), path.read_bytes())
        self.assertEqual(self.good("image", "get", "image.bin", "-").bytes, path.read_bytes())
        self.assertEqual(self.good("image", "rm", "image.bin").out, "image.bin: deleted\n")
        self.assertEqual(self.fake.images, {})

    def test_push_again_says_replaced(self):
        path = self.file(size=10)
        self.good("image", "push", path, "x")
        self.assertIn("x: replaced, 10 B", self.good("image", "push", path, "x").out)
        self.assertEqual(self.good("image", "push", path, "x", "--json").json()["size_bytes"], 10)
        self.assertEqual(self.good("image", "push", path, "x", "-q").out, "x\n")

    def test_push_empty_file(self):
        self.good("image", "push", self.file(size=0), "empty")
        self.assertEqual(self.fake.images["empty"], b"")

    def test_push_from_standard_input_is_chunked(self):
        data = os.urandom(600000)
        self.good("image", "push", "-", "pipe", stdin=data)
        self.assertEqual(self.fake.images["pipe"], data)
        headers = self.fake.requests[-1][2]
        self.assertEqual(headers["Transfer-Encoding"], "chunked")
        self.assertNotIn("Repr-Digest", headers)

    def test_push_from_a_fifo(self):
        path = self.folder / "fifo"
        os.mkfifo(path)
        threading.Thread(target=lambda: path.write_bytes(b"through a fifo"), daemon=True).start()
        self.good("image", "push", path)
        self.assertEqual(self.fake.images["fifo"], b"through a fifo")

    def test_push_new_and_if_changed(self):
        path = self.file(size=100)
        self.good("image", "push", "--new", path, "x")
        self.assertIn("exists (HTTP 412", self.bad(6, "image", "push", "--new", path, "x"))
        self.assertEqual(self.good("image", "push", "--if-changed", path, "x").out, "x: unchanged\n")
        path.write_bytes(b"other")
        self.assertIn("replaced", self.good("image", "push", "--if-changed", path, "x").out)

    def test_push_odd_names_are_quoted(self):
        path = self.file(size=10)
        self.assertIn("field name", self.bad(1, "image", "push", path, "a/b ü%?#"))
        self.assertEqual(self.fake.requests[-1][1], "/v1/images/a%2Fb%20%C3%BC%25%3F%23")
        self.bad(1, "image", "push", path, "\udcff")

    def test_push_digest_mismatch_is_seen(self):
        self.fake.corrupt = True
        self.assertIn("stored other bytes", self.bad(4, "image", "push", self.file(size=10)))

    def test_push_of_a_shrinking_file(self):
        path = self.file(size=3 << 20)
        saved = ctl.Source.examine
        self.addCleanup(setattr, ctl.Source, "examine", saved)

        def shrink(name):
            source = saved(name)
            os.truncate(name, 1000)
            return source
        ctl.Source.examine = shrink
        self.assertIn("became shorter", self.bad(2, "image", "push", path))
        self.assertEqual(self.fake.images, {})

    def test_get_does_not_overwrite(self):
        self.fake.images["x"] = b"new"
        path = self.file(size=3)
        self.assertIn("--force", self.bad(2, "image", "get", "x", path))
        self.good("image", "get", "x", path, "--force")
        self.assertEqual(path.read_bytes(), b"new")

    def test_get_leaves_nothing_behind_on_failure(self):
        self.fake.images["x"] = b"y"
        self.fake.routes["GET", "/v1/images/x/content"] = lambda h: h.reply(200, b"forged")
        self.assertIn("SHA-256", self.bad(4, "image", "get", "x", self.folder / "x"))
        self.fake.routes["GET", "/v1/images/x/content"] = lambda h: (
            h.send_response(200), h.send_header("Content-Length", "9"), h.end_headers(),
            setattr(h, "close_connection", True))
        self.bad(3, "image", "get", "x", self.folder / "x")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_missing_and_in_use(self):
        self.bad(5, "image", "show", "none")
        self.bad(5, "image", "get", "none", self.folder / "x")
        self.bad(5, "image", "rm", "none")
        self.good("image", "rm", "--force", "none")
        self.fake.images["busy"] = b""
        self.fake.in_use.add("busy")
        self.assertIn("image busy is in use (HTTP 409 in_use)", self.bad(6, "image", "rm", "busy"))

    def test_rm_goes_on_after_an_error(self):
        self.fake.images |= {"a": b"", "b": b"", "c": b""}
        self.fake.in_use.add("b")
        result = self.ctl("image", "rm", "a", "none", "b", "c")
        self.assertEqual((result.status, result.out), (6, "a: deleted\nc: deleted\n"))
        self.assertEqual(len(result.err.splitlines()), 2)


class TestUpload(HostCase):
    """Answers that come while, or before, the body is sent."""

    def test_refused_before_the_body(self):
        self.fake.refuse_upload = lambda h: h.problem(507, "insufficient_storage", "need 8388608, free 4096")
        line = self.bad(4, "image", "push", self.file(size=8 << 20))
        self.assertIn("need 8388608, free 4096 (HTTP 507 insufficient_storage)", line)

    def test_unauthorized_before_the_body(self):
        self.fake.refuse_upload = lambda h: h.problem(401, "unauthorized", "who are you")
        self.assertIn("who are you", self.bad(7, "image", "push", self.file()))

    def test_silent_host_gets_the_body_after_a_while(self):
        self.fake.send_continue = False
        self.good("image", "push", self.file(), "x")
        self.assertEqual(len(self.fake.images["x"]), 300000)

    def test_417_is_retried_without_expect(self):
        self.fake.refuse_upload = lambda h: h.problem(417, "expectation_failed", "never heard of it")
        self.good("image", "push", self.file(), "x")
        self.assertEqual((self.fake.expected, len(self.fake.images["x"])), (1, 300000))

    def early(self, answer, read=1 << 20, reset=False):
        """A server that reads a little of the body, answers and closes, with a reset if asked for."""
        self.taken = 0

        def script(connection, _number):
            read_head(connection)
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            while self.taken < read:
                self.taken += len(connection.recv(65536))
            connection.sendall(answer)
            if reset:
                time.sleep(0.2)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                time.sleep(1)
        label = self.raw(script)
        began = time.monotonic()
        result = run("--host", label, "image", "push", self.file(size=64 << 20))
        self.assertLess(time.monotonic() - began, 10)
        self.assert_one_line(result.err)
        return result

    @staticmethod
    def problem(status, detail):
        body = json.dumps({"status": status, "detail": detail, "code": "c"}).encode()
        return b"HTTP/1.1 %d X\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n%b" % (
            status, len(body), body)

    def test_early_answer_stops_the_upload(self):
        result = self.early(self.problem(507, "disk is full"))
        self.assertEqual(result.status, 4)
        self.assertIn("disk is full (HTTP 507 c)", result.err)

    def test_early_answer_followed_by_reset(self):
        result = self.early(self.problem(413, "too large"), reset=True)
        self.assertEqual(result.status, 1)
        self.assertIn("too large", result.err)

    def test_early_answer_without_its_body(self):
        result = self.early(b"HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 500\r\n\r\n", reset=True)
        self.assertEqual(result.status, 4)
        self.assertIn("Insufficient Storage (HTTP 507)", result.err)

    def test_early_success_is_not_believed(self):
        self.assertEqual(self.early(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}").status, 4)

    def test_host_dies_during_the_upload(self):
        result = self.early(b"", reset=True)
        self.assertEqual(result.status, 3)
        self.assertRegex(result.err, r"upload stopped after .* of 64\.0 MiB: ")

    def test_host_stops_reading(self):
        done = threading.Event()
        self.addCleanup(done.set)

        def script(connection, _number):
            read_head(connection)
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            done.wait(10)
        result = run("--host", self.raw(script), "--timeout", "0.5", "image", "push", self.file(size=32 << 20))
        self.assertEqual(result.status, 3)
        self.assertIn("timed out", result.err)

    def test_interim_answers_in_pieces(self):
        def script(connection, _number):
            read_head(connection)
            for byte in b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n":
                connection.sendall(bytes([byte]))
            left = 300000
            while left:
                left -= len(connection.recv(left))
            connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
        result = run("--host", self.raw(script), "image", "push", self.file())
        self.assertEqual(result.status, 0, result.err)
        self.assertIn("not verified", result.err)


class TestLog(HostCase):
    def test_lines(self):
        lines = self.good("log").lines
        self.assertEqual(len(lines), 5)
        self.assertEqual(lines[3], "[     3.703701] cpu1 error   message 3")

    def test_pages_offset_level_and_tail(self):
        self.fake.log = [self.fake.log[n % 5] | {"seq": n} for n in range(70)]
        self.fake.log_page = 30
        self.assertEqual(len(self.good("log").lines), 70)
        self.assertEqual(len(self.good("log", "--since-offset", "60").lines), 10)
        self.assertEqual(len(self.good("log", "-n", "3").lines), 3)
        self.assertEqual(len(self.good("log", "--level", "error", "--since-offset", "65").lines), 1)
        self.assertEqual(self.good("log", "--json").json()["next_offset"], 70)

    def test_a_log_that_logs_its_requests_ends(self):
        def page(handler):
            handler.fake.log.append(handler.fake.log[0])
            handler.log_page()
        self.fake.routes["GET", "/v1/host/log"] = page
        self.assertLess(len(self.good("log").lines), 20)

    def test_dropped_entries_are_said(self):
        self.fake.routes["GET", "/v1/host/log"] = lambda h: h.reply(
            200, {"entries": [], "next_offset": 9, "dropped": 4})
        self.assertIn("4 log entries were overwritten", self.ctl("log").err)

    def test_follow_a_stream_in_pieces(self):
        calls = []

        def page(handler):
            if "follow" not in handler.query:
                handler.log_page()
                return
            calls.append(handler.query)
            if len(calls) == 1:
                handler.start_stream("application/json")
                text = json.dumps({"entries": [{"seq": 5, "message": "fünf"}], "next_offset": 6}, ensure_ascii=False)
                for n in range(0, len(text.encode()), 7):
                    handler.chunk(text.encode()[n:n + 7])
                handler.chunk(b'\n{"seq": 6, "message": "six"}\n')
                handler.chunk(b"")
            else:
                handler.problem(404, "gone", "the end")
        self.fake.routes["GET", "/v1/host/log"] = page
        result = self.ctl("log", "-f", "-n", "1")
        self.assertEqual(result.status, 5)
        self.assertEqual([line.split(maxsplit=3)[-1] for line in result.lines[:1]], ["info    message 4"])
        self.assertIn("fünf", result.lines[1])
        self.assertIn("six", result.lines[2])
        self.assertEqual([c.get("offset") for c in calls], ["5", "7"])

    def test_follow_starts_anew_after_a_reboot(self):
        calls = []

        def page(handler):
            if "follow" not in handler.query:
                handler.log_page()
                return
            calls.append(handler.query["offset"])
            if len(calls) == 1:
                handler.start_stream("application/json")
                handler.fake.doc["uptime_seconds"] = 1
                handler.close_connection = True     # without the last chunk: the host is gone
            elif len(calls) == 3:
                handler.problem(404, "gone", "the end")
            else:
                handler.log_page()
        self.fake.routes["GET", "/v1/host/log"] = page
        result = self.ctl("log", "--follow", "--json")
        self.assertEqual(calls, ["5", "0", "5"])
        self.assertIn("note: stream: the connection was lost", result.err)
        self.assertIn("the host has restarted", result.err)
        self.assertEqual([json.loads(line)["seq"] for line in result.lines], [0, 1, 2, 3, 4] * 2)

    def test_garbage_in_the_stream(self):
        def page(handler):
            if "follow" in handler.query:
                handler.reply(200, b"<html>")
            else:
                handler.log_page()
        self.fake.routes["GET", "/v1/host/log"] = page
        timer = threading.Timer(0.3, lambda: self.fake.routes.update(
            {("GET", "/v1/host/log"): lambda h: h.problem(404, "x", "end")}))
        timer.start()
        result = self.ctl("log", "-f")
        self.assertIn("the stream is not JSON", result.err)


class TestEvents(HostCase):
    def setUp(self):
        super().setUp()
        self.fake.events = [("host.started", {"version": "0.1.0"}), ("image.created", {"name": "a", "size_bytes": 5})]

    def test_listing_ends_although_the_stream_does_not(self):
        self.fake.linger = 30
        self.assertEqual(self.good("events").lines,
                         ["     1  host.started     version=0.1.0", "     2  image.created    name=a size_bytes=5"])

    def test_since(self):
        self.assertEqual(len(self.good("events", "--since", "1").lines), 1)
        self.assertEqual(self.fake.requests[-1][2]["Last-Event-ID"], "1")

    def test_json_lines(self):
        docs = [json.loads(line) for line in self.good("events", "--json").lines]
        self.assertEqual(docs[1], {"id": "2", "event": "image.created", "data": {"name": "a", "size_bytes": 5}})

    def test_follow_resumes_by_id(self):
        ids = []

        def stream(handler):
            ids.append(handler.headers.get("Last-Event-ID"))
            if len(ids) == 4:
                handler.problem(403, "forbidden", "enough")
                return
            handler.start_stream("text/event-stream")
            handler.chunk(f"retry: 10\nid: {len(ids) * 10}\nevent: x\ndata: 1\n\n".encode())
            if len(ids) != 2:
                handler.chunk(b"")
            handler.close_connection = True
        self.fake.routes["GET", "/v1/events"] = stream
        result = self.ctl("events", "--follow")
        self.assertEqual((result.status, ids), (7, [None, "10", "20", "30"]))
        self.assertEqual(len(result.lines), 3)
        self.assertEqual(result.err.count("reconnecting"), 1)

    def test_no_content_ends_following(self):
        self.fake.routes["GET", "/v1/events"] = lambda h: h.reply(204)
        self.assertEqual(self.good("events", "-f").out, "")

    def test_not_an_event_stream(self):
        self.fake.routes["GET", "/v1/events"] = lambda h: h.reply(200, b"{}")
        self.assertIn("not an event stream", self.bad(4, "events"))

    def test_follow_needs_a_host_to_begin_with(self):
        self.assertEqual(run("--host", "127.0.0.1:1", "events", "-f").status, 3)

    def test_parser_in_pieces_of_one_byte(self):
        text = b"\r\n: note\nid: 7\nevent: a\ndata: one\rdata:two\r\n\r\ndata: x\nid:8\n\nevent: none\n\nid: 9\n"
        for step in (1, 2, 3, len(text)):
            parser, found = ctl.SseParser(), []
            for n in range(0, len(text), step):
                found += parser.feed(text[n:n + step])
            self.assertEqual(found, [("7", "a", "one\ntwo"), ("8", "message", "x")])
            self.assertEqual(parser.last_id, "9")

    def test_parser_is_bounded(self):
        parser = ctl.SseParser()
        with self.assertRaises(ctl.CtlError):
            for _ in range(100):
                parser.feed(b"data: " + b"x" * 65536)


class TestOthers(HostCase):
    def test_metrics(self):
        out = self.good("metrics").out
        self.assertRegex(out, r'basalt_memory_bytes\{state="free"\} +3\.9 GiB\n')
        self.assertEqual(len(self.good("metrics", "memory", "--no-header").lines), 2)
        self.assertEqual(len(self.good("metrics", "basalt_*_total", "--no-header").lines), 1)
        self.assertEqual(self.good("metrics", "-q", "memory").out, "basalt_memory_bytes\n")
        self.assertTrue(self.good("metrics", "--raw").out.startswith("# HELP"))
        self.assertEqual(self.good("metrics", "uptime", "--json").json(),
                         [{"name": "basalt_uptime_seconds", "labels": {}, "value": 93784, "type": "gauge"}])

    def test_metrics_syntax(self):
        text = 'a{x="1,}\\"\\n",y="2"} 1.5 123\nb NaN\nc_bucket{le="+Inf"} 3\n# TYPE c histogram\nbroken{ 1\n\n'
        found = [(s["name"], s["labels"], s["value"]) for s in ctl.parse_metrics(text)]
        self.assertEqual(found, [("a", {"x": '1,}"\n', "y": "2"}, 1.5), ("b", {}, "NaN"), ("c_bucket", {"le": "+Inf"}, 3)])

    def test_wait(self):
        self.fake.ready = False
        threading.Timer(0.3, lambda: setattr(self.fake, "ready", True)).start()
        self.assertRegex(self.good("wait").out, r"^ready after \d")
        self.fake.ready = False
        self.assertIn("waiting for DHCP", self.bad(3, "wait", "--for", "ready", "--timeout", "0.2"))
        self.assertRegex(self.good("wait", "--for", "alive").out, "^alive")

    def test_wait_does_not_wait_for_what_cannot_come(self):
        self.fake.token = "t"
        self.bad(7, "wait")

    def test_api(self):
        self.assertEqual(self.good("api", "GET", "/healthz").out, "ok\n")
        result = self.ctl("api", "GET", "/v1/nothing")
        self.assertEqual((result.status, result.json()["code"]), (5, "not_found"))
        self.assertIn("HTTP 404 not_found", result.err)
        seen = []
        self.fake.routes["POST", "/v1/x"] = lambda h: (seen.append((h.headers["Content-Type"], h.read_body())),
                                                       h.reply(200, {"a": 1}))
        self.assertEqual(self.good("--json", "api", "post", "/v1/x", "-d", '{"b":2}').out, '{\n  "a": 1\n}\n')
        self.good("api", "POST", "/v1/x", "-d", "@-", "-H", "content-type: text/plain", stdin=b"raw")
        path = self.file(size=20)
        self.good("api", "POST", "/v1/x", "-d", f"@{path}")
        self.assertEqual(seen, [("application/json", b'{"b":2}'), ("text/plain", b"raw"),
                                ("application/json", path.read_bytes())])
        self.bad(2, "api", "POST", "/v1/x", "-d", "@/nonexistent")

    def test_api_include_and_head(self):
        out = self.good("api", "-i", "GET", "/healthz").out
        self.assertTrue(out.startswith("HTTP/1.1 200 OK\nServer: basalt/0.1.0"), out)
        self.assertTrue(out.endswith("\n\nok\n"), out)
        self.fake.routes["HEAD", "/v1/host"] = lambda h: (h.send_response(200), h.send_header("Content-Length", "99"),
                                                          h.end_headers())
        self.assertIn("Content-Length: 99", self.good("api", "-i", "HEAD", "/v1/host").out)


class TestFleet(HostCase):
    def setUp(self):
        super().setUp()
        self.other = FakeHost()
        self.addCleanup(self.other.close)
        self.both = f"{self.fake.label},{self.other.label}"

    def test_one_table_with_hosts(self):
        self.fake.images["a"], self.other.images["bb"] = b"", b""
        result = run("--host", self.fake.label, "images", "--host", self.other.label)
        self.assertEqual([line.split()[:2] for line in result.lines],
                         [["HOST", "NAME"], [self.fake.label, "a"], [self.other.label, "bb"]])

    def test_worst_status_wins_and_the_rest_is_shown(self):
        result = run("--host", f"{self.both},127.0.0.1:1", "host")
        self.assertEqual((result.status, len(result.lines)), (3, 3))
        self.assert_one_line(result.err)
        self.other.token = "t"
        self.assertEqual(run("--host", f"{self.both},127.0.0.1:1", "host").status, 7)

    def test_json_lines(self):
        docs = [json.loads(line) for line in run("--host", f"{self.both},127.0.0.1:1", "host", "--json").lines]
        self.assertEqual([(d["status"], "result" in d, "error" in d) for d in docs],
                         [(0, True, False), (0, True, False), (3, False, True)])

    def test_push_to_all(self):
        path = self.file()
        result = run("--host", self.both, "image", "push", path, "x")
        self.assertEqual((result.status, result.err, len(result.lines)), (0, "", 2))
        self.assertEqual(self.fake.images, self.other.images)

    def test_log_lines_are_prefixed_in_order(self):
        lines = run("--host", self.both, "log").lines
        self.assertEqual([line.split()[0] for line in lines], [self.fake.label] * 5 + [self.other.label] * 5)

    def test_follow_prefixes_lines(self):
        for fake in (self.fake, self.other):
            calls = []
            fake.events = [("x", {})]
            fake.routes["GET", "/v1/events"] = lambda h, calls=calls: (
                calls.append(1), h.event_stream() if len(calls) == 1 else h.reply(204))
        result = run("--host", self.both, "events", "-f", "--since", "0")
        self.assertEqual(result.status, 0, result.err)
        self.assertEqual(sorted(line.split()[0] for line in result.lines), sorted(self.both.split(",")))

    def test_same_host_twice_is_one(self):
        self.assertEqual(len(run("--host", f"{self.fake.label},{self.fake.label}", "images", "-q").lines), 0)
        self.assertEqual(len(self.fake.requests), 1)

    def test_single_host_commands(self):
        self.fake.images["x"] = b""
        self.assertEqual(run("--host", self.both, "image", "get", "x").status, 2)
        self.assertEqual(run("--host", self.both, "image", "push", "-", "x").status, 2)

    def test_hosts_are_asked_in_parallel(self):
        barrier = threading.Barrier(2, timeout=5)
        for fake in (self.fake, self.other):
            fake.routes["GET", "/v1/host"] = lambda h: (barrier.wait(), h.reply(200, h.fake.doc))
        self.assertEqual(run("--host", self.both, "host").status, 0)


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
            try() {{ COMP_LINE=$1 COMP_POINT=${{#1}}; _basaltctl basaltctl "$2" ""; printf '%s,' "${{COMPREPLY[@]}}"; echo; }}
            try "basaltctl image sh" sh
            try "basaltctl --host {self.fake.url} image get vm" vm
            cd /; try "basaltctl image push et" et'''
        done = subprocess.run(["bash", "-c", program], capture_output=True, check=True, text=True)
        self.assertEqual(done.stdout.splitlines(), ["show,", "vmlinuz,", "etc,"])


class TestProcess(HostCase):
    """What only a process of its own shows: signals, pipes, terminals."""

    def spawn(self, *argv, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("BASALT_")} | {"BASALT_HOST": self.fake.label}
        more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": env} | more
        return subprocess.Popen([sys.executable, TOOL, *argv], **more)

    def interrupt(self, process, ready):
        deadline = time.monotonic() + 10
        while not ready() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        self.assertEqual((process.returncode, err), (130, b"basaltctl: interrupted\n"))
        return out

    def test_interrupt(self):
        self.fake.linger = 30
        self.interrupt(self.spawn("events", "-f"), lambda: ("GET", "/v1/events") in [r[:2] for r in self.fake.requests])

    def test_interrupt_of_a_fleet(self):
        self.fake.linger = 30
        process = self.spawn("--host", f"{self.fake.label},localhost:{self.fake.port}", "events", "-f", "--since", "0")
        self.interrupt(process, lambda: [r[1] for r in self.fake.requests].count("/v1/events") == 2)

    def test_broken_pipe_is_quiet(self):
        self.fake.log = [self.fake.log[0] | {"message": "x" * 1000}] * 900
        fleet = f"{self.fake.label},localhost:{self.fake.port}"
        for argv in (["log"], ["log", "--json"], ["--host", fleet, "log"]):
            with self.subTest(argv):
                process = self.spawn(*argv)
                process.stdout.read(10)
                process.stdout.close()
                self.assertEqual((process.stderr.read(), process.wait(10)), (b"", 141))
                process.stderr.close()

    def test_long_output_is_whole_with_and_without_buffers(self):
        self.fake.log = [self.fake.log[0] | {"message": "x" * 1000}] * 900
        for value in ("", "1"):
            env = {"BASALT_HOST": self.fake.label, "PYTHONUNBUFFERED": value}
            process = self.spawn("log", "--json", env=env)
            time.sleep(0.3)     # the pipe fills up
            self.assertEqual(len(json.loads(process.communicate(timeout=10)[0])["entries"]), 900)

    def test_full_and_closed_output(self):
        with open("/dev/full", "wb") as full:
            process = self.spawn("images", stdout=full)
            _, err = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 2)
        self.assert_one_line(err.decode())
        process = self.spawn("images", stdout=None, preexec_fn=lambda: os.close(1))
        _, err = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 2)
        self.assert_one_line(err.decode())

    def test_progress_only_on_a_terminal(self):
        path = self.file(size=20 << 20)
        process = self.spawn("image", "push", path, "x")
        out, err = process.communicate(timeout=20)
        self.assertEqual((process.returncode, err), (0, b""))
        main, side = pty.openpty()
        process = self.spawn("image", "push", path, "x", stderr=side)
        os.close(side)
        seen = b""
        with contextlib.suppress(OSError):
            while block := os.read(main, 4096):
                seen += block
        out = process.communicate(timeout=20)[0]
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
            _, err = process.communicate(timeout=10)
            os.close(main)
            self.assertEqual((process.returncode, self.fake.actions), (want, actions))
            self.assertIn(f"Reboot {self.fake.label}? [y/N]".encode(), err)


@unittest.skipUnless(shutil.which("openssl"), "needs openssl to make a certificate")
class TestTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.pem = cls.folder / "host.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", cls.pem, "-out", cls.folder / "cert", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        with open(cls.pem, "ab") as file:
            file.write((cls.folder / "cert").read_bytes())
        cls.fake = FakeHost(certificate=cls.pem)
        cls.addClassCleanup(cls.fake.close)

    def test_certificate_is_checked(self):
        result = run("--host", self.fake.url, "host")
        self.assertEqual(result.status, 3)
        self.assertIn("certificate not trusted", result.err)

    def test_trusted_or_insecure(self):
        self.assertEqual(run("--host", self.fake.url, "--cacert", self.pem, "host", "-q").out, "rack1-07\n")
        self.assertEqual(run("--host", self.fake.url, "--insecure", "host", "-q").out, "rack1-07\n")

    def test_upload_over_tls(self):
        path = self.folder / "image"
        path.write_bytes(os.urandom(5 << 20))
        for _ in range(2):
            result = run("--host", self.fake.url, "--cacert", self.pem, "image", "push", path)
            self.assertEqual((result.status, result.err), (0, ""))
        self.assertEqual(self.fake.images["image"], path.read_bytes())

    def test_early_refusal_over_tls(self):
        self.fake.refuse_upload = lambda h: h.problem(507, "insufficient_storage", "full")
        self.addCleanup(setattr, self.fake, "refuse_upload", None)
        path = self.folder / "big"
        path.write_bytes(bytes(5 << 20))
        result = run("--host", self.fake.url, "--cacert", self.pem, "image", "push", path)
        self.assertEqual(result.status, 4)
        self.assertIn("full (HTTP 507", result.err)


if __name__ == "__main__":
    unittest.main()
