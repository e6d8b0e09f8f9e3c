# SPDX-License-Identifier: BSD-2-Clause
"""basaltctl: the host's commands, errors of every class, usage, and several hosts at once."""

import json
import socket
import threading
import time
import unittest

from fakehost import FakeHost
from toolcase import TOOL, HostCase, RawServer, again_after_stall, ctl, read_head, run


class TestHost(HostCase):
    def test_summary(self):
        out = self.good("host").out
        for text in ("rack1-07", "qemu-q35-svm svm x86_64", "1d 02:03:04", "2 online of 2, 1 node",
                     "4.0 GiB total, 3.9 GiB free", "10.0.2.15/24 via 10.0.2.2 (dhcp)",
                     "unknown boot option 'colour'"):
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

    def test_version_is_the_repository_s(self):
        self.assertEqual((TOOL.parents[1] / "VERSION").read_text().strip(), ctl.VERSION)

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
        table = {400: 1, 401: 7, 403: 7, 404: 5, 405: 1, 409: 6, 410: 5, 412: 6, 413: 1, 422: 1, 429: 1,
                 500: 4, 501: 4, 503: 4, 507: 4}
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
        for body, kind in ((b"two words\nmore", "text/plain"), (b"<html>", "text/html"), (b"", "text/plain"),
                           (b"[1,", "application/json"), (b"[]", "application/problem+json")):
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
            "cut body": (3, lambda c, n: (read_head(c), c.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"))),
            "cut chunk": (3, lambda c, n: (read_head(c), c.sendall(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nx"))),
            "not HTTP": (4, lambda c, n: (read_head(c), c.sendall(b"SSH-2.0-OpenSSH\r\n"))),
            "endless line": (4, lambda c, n: (read_head(c), c.sendall(b"HTTP/1.1 200 " + b"x" * 100000))),
        }
        for name, (status, script) in scripts.items():
            with self.subTest(name):
                timeout = ("--timeout", "0.4") if name == "silent" else ()
                result = run("--host", self.raw(script), *timeout, "host")
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
        lines = """
            | image | nonsense | image push | log --level loud | --js host
            | --timeout 0 host | --timeout nan host
            | log --since-offset -1 | api GET v1 | api G-T /v1 | api GET / -H bad | completion tcsh
            | image push /nonexistent | image push / | image push - | events --since \xfc
            | --cacert /nonexistent --host https://x host"""
        for argv in [part.split() for part in lines.split("|")]:
            with self.subTest(argv):
                self.bad(2, *argv)

    def test_no_host(self):
        result = run("images")
        self.assertEqual((result.status, result.err), (
            2, "basaltctl: no host given: use --host or set BASALT_HOST\n"))

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
        out = "".join(run(*words, "--help").out for words in ((), ("image",), ("host",), ("vm",)))
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
        text = ('a{x="1,}\\"\\n",y="2"} 1.5 123\nb NaN\n'
                'c_bucket{le="+Inf"} 3\n# TYPE c histogram\nbroken{ 1\n\n')
        found = [(s["name"], s["labels"], s["value"]) for s in ctl.parse_metrics(text)]
        self.assertEqual(found, [("a", {"x": '1,}"\n', "y": "2"}, 1.5), ("b", {}, "NaN"),
                                 ("c_bucket", {"le": "+Inf"}, 3)])

    @again_after_stall
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
        self.fake.routes["POST", "/v1/x"] = lambda h: (
            seen.append((h.headers["Content-Type"], h.read_body())), h.reply(200, {"a": 1}))
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
        self.fake.routes["HEAD", "/v1/host"] = lambda h: (
            h.send_response(200), h.send_header("Content-Length", "99"), h.end_headers())
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
        result = run("--host", f"{self.both},127.0.0.1:1", "host", "--json")
        docs = [json.loads(line) for line in result.lines]
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
        barrier = threading.Barrier(2, timeout=600)
        for fake in (self.fake, self.other):
            fake.routes["GET", "/v1/host"] = lambda h: (barrier.wait(), h.reply(200, h.fake.doc))
        self.assertEqual(run("--host", self.both, "host").status, 0)


if __name__ == "__main__":
    unittest.main()
