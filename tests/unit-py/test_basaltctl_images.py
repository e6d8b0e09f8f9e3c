# SPDX-License-Identifier: BSD-2-Clause
"""basaltctl: images, answers that come during an upload, and TLS."""

import hashlib
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from fakehost import FakeHost
from toolcase import HostCase, Stopwatch, ctl, read_head, run


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
        path = self.file(size=0)
        os.truncate(path, 32 << 20)     # more than all buffers between here and there
        watch = Stopwatch()
        result = run("--host", label, "image", "push", path)
        self.assertFalse(watch.is_past(25))
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
        self.assertRegex(result.err, r"upload stopped after .* of 32\.0 MiB: ")

    def test_host_stops_reading(self):
        done = threading.Event()
        self.addCleanup(done.set)

        def script(connection, _number):
            read_head(connection)
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            done.wait()
        path = self.file(size=0)
        os.truncate(path, 32 << 20)
        result = run("--host", self.raw(script), "--timeout", "0.5", "image", "push", path)
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


@unittest.skipUnless(shutil.which("openssl"), "needs openssl to make a certificate")
class TestTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.pem = cls.folder / "host.pem"
        make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost"
        subprocess.run([*make.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", cls.pem,
                        "-out", cls.folder / "cert"], check=True, capture_output=True)
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
