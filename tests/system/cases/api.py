# SPDX-License-Identifier: BSD-2-Clause
"""What the API says of itself and of the host."""

import itertools
import json
import re
import shutil
import subprocess
import time

from harness.config import check, check_equal
from harness.openapi import Document
from harness.prometheus import Metrics
from harness.registry import everywhere
from harness.stopwatch import usually_within


def _exercise_vms(exercise):
    """Real machines are driven in vm.py; here it is about how the answers look."""
    exercise("GET", "/v1/vms")
    exercise("POST", "/v1/vms", {"nonsense": 1})
    exercise("POST", "/v1/vms", b"<x/>", headers={"Content-Type": "text/xml"})
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/console"), ("GET", "/console/log"),
                         ("POST", "/console/input"), ("GET", "/dirty-log")):
        exercise(method, f"/v1/vms/absent{path}", body=b"" if method == "POST" else None)
    for action in ("start", "stop", "pause", "resume", "reset", "nmi", "dirty-log-start", "dirty-log-read",
                   "dirty-log-stop"):
        exercise("POST", f"/v1/vms/absent/actions/{action}", b"")


@everywhere()
def openapi_describes_the_answers(t):
    """Every operation is exercised, right and wrong, and each answer is as described."""
    document = Document(t.api.get_json("/openapi.json"))
    document.check_references()
    exercised = set()

    def exercise(method, path, body=None, **more):
        answer = t.api.request(method, path, body=body, **more)
        document.check_answer(method, path, answer)
        exercised.add((method, document.find(method, path)[0]))
        return answer

    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/", "/v1", "/v1/capabilities", "/v1/host",
                 "/v1/host/config", "/v1/host/log", "/v1/host/log?limit=3", "/v1/host/log?limit=x", "/v1/images",
                 "/v1/images/absent", "/v1/images/absent/content"):
        exercise("GET", path)
    exercise("GET", "/v1/host/log", headers={"Accept": "text/plain"})
    exercise("PUT", "/v1/images/described", b"some bytes")
    exercise("PUT", "/v1/images/described", b"other bytes")
    exercise("PUT", "/v1/images/.bad", b"")
    exercise("PUT", "/v1/images/described", b"x", headers={"Digest": "sha-256=AAAA"})
    exercise("GET", "/v1/images/described")
    exercise("GET", "/v1/images")
    exercise("GET", "/v1/images/described/content")
    exercise("GET", "/v1/images/described/content", headers={"Range": "bytes=0-3"})
    exercise("DELETE", "/v1/images/described")
    exercise("DELETE", "/v1/images/described")
    for action in ("reboot", "poweroff"):
        exercise("POST", f"/v1/host/actions/{action}", b"<x/>", headers={"Content-Type": "text/xml"})
    if any(path == "/v1/vms" for path, _, _ in document.operations()):
        _exercise_vms(exercise)
    with t.api.open() as connection:
        connection.send_request("GET", "/v1/events")
        head = connection.read_head()
        check_equal(head.status, 200, "status of /v1/events")
        check("text/event-stream" in document.find("GET", "/v1/events")[1]["responses"]["200"]["content"],
              "/v1/events is not described as an event stream")
        exercised.add(("GET", "/v1/events"))
    described = {(method, path) for path, method, _ in document.operations() if method not in ("HEAD", "OPTIONS")}
    check_equal(sorted(described - exercised), [], "described, but not exercised here")


@everywhere()
def openapi_is_complete(t):
    """What the document describes answers, and every path has its errors described."""
    document = Document(t.api.get_json("/openapi.json"))
    for path, method, operation in document.operations():
        check(operation.get("responses"), f"{method} {path} has no responses")
        check(operation.get("summary") or operation.get("description"), f"{method} {path} has no summary")
        for name in re.findall(r"\{(\w+)\}", path):
            parameters = operation.get("parameters", []) + document.document["paths"][path].get("parameters", [])
            names = {document.resolve(parameter)["name"] for parameter in parameters}
            check(name in names, f"{method} {path} does not describe {name}")


@everywhere(cpus=2)
def metrics(t):
    answer = t.api.get("/metrics")
    check(answer.header("content-type").startswith("text/plain; version=0.0.4"), "Content-Type")
    first = Metrics(answer.text)
    check(all(name.startswith("basalt_") for name in first.families), f"foreign names: {sorted(first.families)}")
    missing = sorted(set(first.families) - set(first.help))
    check_equal(missing, [], "metrics without HELP")
    for name, kind in first.families.items():
        check((kind == "counter") == (name.endswith("_total")), f"{name} is a {kind}")
    for _ in range(10):
        t.api.get("/healthz")
    second = Metrics(t.api.get("/metrics").text)
    for (name, labels), value in first.samples.items():
        if first.families.get(first.family_of(name)) == "counter":
            check(second.samples.get((name, labels), 0) >= value, f"the counter {name} went back")
    promtool = shutil.which("promtool")
    if promtool:
        done = subprocess.run([promtool, "check", "metrics"], input=answer.text, text=True, capture_output=True,
                              check=False)
        check_equal(done.returncode, 0, f"promtool: {done.stdout} {done.stderr}")


@everywhere(cpus=2)
def host(t):
    host = t.api.get_json("/v1/host")
    board = t.case.config.board_info
    check_equal((host["board"], host["backend"], host["arch"]), (board.name, board.backend, board.arch), "identity")
    check(re.fullmatch(r"[0-9a-f]{40}", host["build_id"]), f"build_id {host['build_id']!r}")
    check(host["cpu"]["vendor"] == board.vendor and set(board.features) <= set(host["cpu"]["features"]), f"cpu {host['cpu']}")
    check_equal(host["warnings"], [], "warnings")
    later = t.api.get_json("/v1/host")
    check(later["uptime_seconds"] >= host["uptime_seconds"], "uptime runs backwards")
    config = t.api.get("/v1/host/config")
    check_equal(config.header("content-type").split(";")[0], "text/plain", "Content-Type of the configuration")
    check("CONFIG_" in config.text, "the configuration names no option")


@everywhere(cpus=2)
def log(t):
    first = t.api.get_json("/v1/host/log?limit=5")
    check_equal(len(first["entries"]), 5, "entries")
    sequence = [entry["seq"] for entry in first["entries"]]
    check_equal(sequence, list(range(sequence[0], sequence[0] + 5)), "sequence numbers")
    check_equal(first["next_offset"], sequence[-1] + 1, "next_offset")
    second = t.api.get_json(f"/v1/host/log?limit=5&offset={first['next_offset']}")
    check_equal(second["entries"][0]["seq"], first["next_offset"], "first entry of the next page")
    times = [entry["time_ns"] for entry in t.api.get_json("/v1/host/log?limit=1000")["entries"]]
    check(times[0] >= 0 and sum(a > b for a, b in zip(times, times[1:])) < len(times) // 10, "times do not ascend")
    end = t.api.get_json("/v1/host/log?offset=99999999")
    check_equal(end["entries"], [], "entries beyond the end")
    for entry in t.api.get_json("/v1/host/log?level=warning")["entries"]:
        check(entry["level"] in ("error", "warning"), f"level {entry['level']} is listed")


def _log_end(t):
    """The number that the next entry will have."""
    page = {"entries": True, "next_offset": 0}
    while page["entries"]:
        page = t.api.get_json(f"/v1/host/log?limit=1000&offset={page['next_offset']}")
    return page["next_offset"]


def _follow(t, offset, query=""):
    connection = t.api.open(30)
    connection.send_request("GET", f"/v1/host/log?follow&offset={offset}{query}")
    check_equal(connection.read_head().status, 200, "status")
    return connection


def _read_until(connection, text):
    """Entries up to the first whose message contains `text`."""
    seen, rest = [], ""
    while not any(text in entry["message"] for entry in seen):
        rest += connection.read_chunk().decode()
        *lines, rest = rest.split("\n")
        seen += [json.loads(line) for line in lines]
    return seen


@everywhere(cpus=[1, 2], net="tap")
def log_follow(t):
    """Lines come when they are written, in order and each once; a follower that reads nothing delays nobody."""
    offset = _log_end(t)
    with _follow(t, offset) as follower, _follow(t, offset), _follow(t, offset, "&level=warning") as warnings:
        seen, numbers = [], itertools.count()

        def change():
            """Every change is a line of the log."""
            name = f"followed-{next(numbers)}"
            check_equal(t.api.put(f"/v1/images/{name}", b"x").status, 201, "status")
            began = time.monotonic()
            seen.extend(_read_until(follower, name))
            passed = time.monotonic() - began
            t.api.delete(f"/v1/images/{name}")
            return passed

        usually_within(0.05, change, "lines come late")
        sequence = [entry["seq"] for entry in seen]
        check_equal(sequence, list(range(sequence[0], sequence[0] + len(sequence))), "sequence numbers")
        with t.api.open() as cut:
            cut.send(b"PUT /v1/images/cut HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        warned = _read_until(warnings, "image cut")
        check_equal({entry["level"] for entry in warned}, {"warning"}, "levels that a follower of warnings gets")
    again = t.api.get_json(f"/v1/host/log?limit=1000&offset={offset}")["entries"]
    check_equal([entry for entry in again if entry["seq"] in set(sequence)], seen, "the same lines as a page")


@everywhere(cpus=2)
def events(t):
    """A stream that reports what happens, and resumes where a client lost it."""
    with t.api.open(30) as connection:
        connection.send_request("GET", "/v1/events")
        head = connection.read_head()
        check_equal((head.status, head.header("content-type").split(";")[0]), (200, "text/event-stream"), "answer")
        check_equal(head.header("transfer-encoding"), "chunked", "Transfer-Encoding")
        t.api.put("/v1/images/event", b"x")
        t.api.delete("/v1/images/event")
        seen = _read_events(connection, "image.deleted")
    types = [event["event"] for event in seen]
    check("image.created" in types, f"types: {types}")
    times = [json.loads(event["data"])["time"] for event in seen]
    if t.case.config.board_info.arch == "x86_64":  # or it may have no clock of its own
        for moment in times:
            check(re.fullmatch(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment), f"time: {moment!r}")
        check_equal(times, sorted(times), "times")
    created = next(event for event in seen if event["event"] == "image.created")
    with t.api.open(30) as connection:
        connection.send_request("GET", "/v1/events", {"Last-Event-ID": created["id"]})
        check_equal(connection.read_head().status, 200, "status")
        again = _read_events(connection, "image.deleted")
    check(int(again[0]["id"]) == int(created["id"]) + 1, "the stream does not resume behind the last event")


def _read_events(connection, until):
    """Events up to one of type `until`."""
    seen, text = [], ""
    while not any(event["event"] == until for event in seen):
        text += connection.read_chunk().decode()
        *whole, text = text.split("\n\n")
        for block in whole:
            event = {}
            for line in block.split("\n"):
                name, _, value = line.partition(":")
                if name:
                    event[name] = value.removeprefix(" ")
            if "event" in event:
                seen.append(event)
    return seen


@everywhere(cpus=2, net="tap")
def many_event_streams(t):
    """Fifty listeners, one of them deaf, all hear of one event; others are served meanwhile."""
    connections = [t.api.open(30) for _ in range(50)]
    try:
        for connection in connections:
            connection.send_request("GET", "/v1/events")
        for connection in connections:
            check_equal(connection.read_head().status, 200, "status")
        t.api.put("/v1/images/heard", b"x")
        t.api.delete("/v1/images/heard")
        for connection in connections[1:]:
            _read_events(connection, "image.deleted")
    finally:
        for connection in connections:
            connection.close()
