# SPDX-License-Identifier: BSD-2-Clause
"""Clients that mean harm, or are broken. The host answers clearly or closes, and keeps serving the others."""

import contextlib
import random
import time

from harness.api import Closed
from harness.config import Failure, check, check_equal
from harness.registry import each_architecture
from harness.stopwatch import Stopwatch, wait_until

MALFORMED = {
    "no-version": b"GET /healthz\r\n\r\n",
    "binary": bytes(range(128, 256)) + b"\r\n\r\n",
    "tls-hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)) + b"\r\n\r\n",
    "bare-lf": b"GET /healthz HTTP/1.1\nHost: x\n\n",
    "space-before-colon": b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n",
    "folded-field": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n",
    "field-without-colon": b"GET /healthz HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "nul-in-field": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    "no-host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two-hosts": b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "two-lengths": b"PUT /v1/images/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "negative-length": b"PUT /v1/images/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "length-overflow": b"PUT /v1/images/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "length-and-chunked": b"PUT /v1/images/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "bad-chunk-size": b"PUT /v1/images/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "huge-chunk-size": b"PUT /v1/images/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"fffffffffffffffff\r\n",
    "chunk-overrun": b"PUT /v1/images/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
}


@each_architecture(arguments={"kind": sorted(MALFORMED)}, timeout=40)
def malformed(t, kind):
    """A 4xx and the end of the connection; nothing is taken for a second request."""
    with t.api.open() as connection:
        connection.send(MALFORMED[kind])
        answer = connection.read_response()
        check(400 <= answer.status < 500 or answer.status in (501, 505), f"status {answer.status}")
        check_equal((answer.header("content-type") or "").split(";")[0], "application/problem+json", "Content-Type")
        check(connection.at_end(), "the connection stays open after what nobody can frame")
    check_equal(t.api.get("/v1/images/x").status, 404, "status of an image that must not exist")


@each_architecture()
def byte_by_byte(t):
    """A request in segments of one byte each."""
    with t.api.open() as connection:
        for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n":
            connection.send(bytes([byte]))
            time.sleep(0.002)  # so that each byte travels alone
        check_equal(connection.read_response().body, b"ok\n", "answer")


@each_architecture()
def body_byte_by_byte(t):
    with t.api.open() as connection:
        for byte in (b"PUT /v1/images/bytes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"a\r\n0123456789\r\n0\r\n\r\n"):
            connection.send(bytes([byte]))
            time.sleep(0.002)
        check_equal(connection.read_response().status // 100, 2, "status class")
    check_equal(t.api.get("/v1/images/bytes/content").body, b"0123456789", "content")
    t.api.delete("/v1/images/bytes")


@each_architecture(timeout=60)
def slow_head(t):
    """A head that never ends gets 408 and the end of the connection, while others are served."""
    with t.api.open(40) as connection:
        connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        watch = Stopwatch()
        with contextlib.suppress(OSError):
            while not watch.is_past(30):
                connection.send(b"X")
                check_equal(t.api.get("/healthz").status, 200, "another client's answer")
                time.sleep(0.5)
                connection.sock.settimeout(0.01)
                with contextlib.suppress(TimeoutError):
                    if connection.sock.recv(12).startswith(b"HTTP/1.1 408"):
                        return
        check(False, "no 408 within 30 s")


@each_architecture(timeout=90)
def slow_body(t):
    """A body that stops: 408, and nothing of it remains."""
    with t.api.open(60) as connection:
        connection.send(b"PUT /v1/images/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsome")
        check_equal(connection.read_response().status, 408, "status")
    check_equal(t.api.get("/v1/images/slow").status, 404, "status of the image")


@each_architecture()
def slow_reader(t):
    """Somebody who asks and asks and never reads holds up nobody else."""
    with t.api.open() as connection:
        connection.sock.setblocking(False)
        request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
        with contextlib.suppress(BlockingIOError, ConnectionError):
            for _ in range(20000):
                connection.sock.send(request)
        for _ in range(20):
            check_equal(t.api.get("/healthz").status, 200, "another client's answer")


@each_architecture(cpus=2, net="tap", memory="256M", timeout=120)
def thousands_of_connections(t):
    """3000 open connections that say nothing: refused or held, but real clients get answers; then they go."""
    idle = []
    try:
        for _ in range(3000):
            with contextlib.suppress(OSError):
                idle.append(t.host.netns.connect(t.host.address, 80, timeout=2))
            t.progress()
            if len(idle) % 500 == 0:
                answer = _patient_get(t, "/healthz")
                check(answer.status in (200, 503), f"status {answer.status}")
        check(len(idle) >= 500, f"only {len(idle)} connections opened")
    finally:
        for sock in idle:
            sock.close()
    # As soon as they are gone everything is as before.
    _until_200(t)


def _patient_get(t, path):
    try:
        return t.api.get(path, timeout=20)
    except Failure:
        # A host at its limit may refuse at TCP's level.
        return t.api.get(path, timeout=20)


def _until_200(t, seconds=30):
    def is_well():
        with contextlib.suppress(Failure):
            return t.api.get("/healthz", timeout=10).status == 200

    wait_until(is_well, seconds, "the host does not recover", pause=0.2)


@each_architecture(cpus=2, net="tap", timeout=120)
def connection_churn(t):
    """2000 connections, each with one request, each closed a different way."""
    for number in range(2000):
        try:
            connection = t.api.open(10)
        except OSError as error:
            raise Failure(f"connection {number}: {error}") from error
        connection.send_request("GET", "/healthz")
        if number % 3 == 0:
            connection.abort()
            continue
        if number % 3 == 1:
            check_equal(connection.read_response().status, 200, f"answer {number}")
        connection.close()


@each_architecture(timeout=90)
def noise(t):
    """Random bytes, random cuts, random ends. The seed is fixed: a failure can be repeated."""
    random.seed(20260101)
    pieces = [b"GET ", b"PUT ", b"/v1/images/n", b"/healthz", b" HTTP/1.1", b"\r\n", b"\r\n\r\n", b"Host: x", b":",
              b"Transfer-Encoding: chunked", b"Content-Length: 10", b"5\r\n", b"0\r\n", b"\0", b"%", b"Expect: 100-continue",
              b"Connection: close", b"{}", b"\xff" * 20]
    for _ in range(300):
        with contextlib.suppress(OSError, Closed, Failure), t.api.open(5) as connection:
            connection.sock.settimeout(1)
            connection.send(b"".join(random.choice(pieces) for _ in range(random.randint(1, 25))))
            if random.random() < 0.5:
                connection.sock.settimeout(0.05)
                connection.sock.recv(4096)
            if random.random() < 0.5:
                connection.abort()
    _until_200(t)
    t.api.delete("/v1/images/n")


@each_architecture()
def json_bodies(t):
    """Malformed, huge-number, deeply nested and odd JSON where JSON is taken."""
    bad = [b"{", b"[]", b"nul", b'{"a":1,}', b'{"a":1}{"b":2}', b"[" * 10000, b'{"a":' * 500 + b"1" + b"}" * 500,
           b'"\xff\xfe"', b'{"x":1e999999}', b'{"\\u0000":1}', b"\xef\xbb\xbf{}", b'{"a":"\\ud800"}']
    for body in bad:
        answer = t.api.post("/v1/host/actions/reboot", body, headers={"Content-Type": "application/json"})
        check(answer.status in (400, 413, 415, 422), f"{body[:30]!r}: {answer!r}")
        t.host.check_alive()
