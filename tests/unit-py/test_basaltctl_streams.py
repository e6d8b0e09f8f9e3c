# SPDX-License-Identifier: BSD-2-Clause
"""basaltctl: log and events, listed and followed."""

import json
import threading
import unittest

from toolcase import HostCase, ctl, run


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
                text = '{"entries": [{"seq": 5, "message": "fünf"}], "next_offset": 6}'.encode()
                for n in range(0, len(text), 7):
                    handler.chunk(text[n:n + 7])
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
        self.fake.events = [("host.started", {"version": "0.1.0"}),
                            ("image.created", {"name": "a", "size_bytes": 5})]

    def test_listing_ends_although_the_stream_does_not(self):
        self.fake.linger = 30
        self.assertEqual(self.good("events").lines, ["     1  host.started     version=0.1.0",
                                                     "     2  image.created    name=a size_bytes=5"])

    def test_time_is_a_column(self):
        self.fake.events = [("vm.state", {"time": "2026-11-22T12:31:55.004Z", "vm": "a"}), ("vm.state", {"time": None, "vm": "b"})]
        self.assertEqual(self.good("events").lines, ["     1  2026-11-22T12:31:55.004Z  vm.state         vm=a",
                                                     "     2  -                         vm.state         vm=b"])

    def test_since(self):
        self.assertEqual(len(self.good("events", "--since", "1").lines), 1)
        self.assertEqual(self.fake.requests[-1][2]["Last-Event-ID"], "1")

    def test_json_lines(self):
        docs = [json.loads(line) for line in self.good("events", "--json").lines]
        self.assertEqual(docs[1], {"id": "2", "event": "image.created",
                                   "data": {"name": "a", "size_bytes": 5}})

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
        text = (b"\r\n: note\nid: 7\nevent: a\ndata: one\rdata:two\r\n\r\n"
                b"data: x\nid:8\n\nevent: none\n\nid: 9\n")
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


if __name__ == "__main__":
    unittest.main()
