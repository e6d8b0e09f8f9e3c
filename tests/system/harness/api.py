# SPDX-License-Identifier: BSD-2-Clause
"""
HTTP/1.1 from the client's side, plain enough to misbehave on purpose: the same connection class sends correct
requests (Api) and whatever bytes a hostile test wants.
"""

import errno
import json
import os
import select
import socket
import time

from .config import SLOW, Failure
from .stopwatch import patiently

# What is waited for is asked for again so often: whether it is late depends on what was lost meanwhile.
ROUND = 1.0


class Response:
    def __init__(self, status, reason, headers, body=b"", version="HTTP/1.1"):
        self.status = status
        self.reason = reason
        self.headers = headers  # list of (lower-case name, value)
        self.body = body
        self.version = version

    def header(self, name, default=None):
        return next((value for key, value in self.headers if key == name.lower()), default)

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Failure(f"not JSON ({error}): {self.body[:200]!r}") from error

    @property
    def code(self):
        """The stable code of a problem document."""
        return self.json().get("code")

    def __repr__(self):
        return f"<{self.status} {self.body[:120]!r}>"


class Closed(Exception):
    """The host closed the connection before a whole answer."""


def connect(sock, address, timeout):
    """Connects a socket, or raises an OSError."""
    sock.setblocking(False)
    error = sock.connect_ex(address)
    if error == errno.EINPROGRESS:
        done = select.poll()  # select() knows no descriptor above 1023
        done.register(sock, select.POLLOUT)

        def is_decided():
            if not done.poll(min(timeout * SLOW, ROUND) * 1000):
                raise TimeoutError

        try:
            patiently(is_decided, timeout, "no connection in time")
        except Failure as failure:
            raise TimeoutError(str(failure)) from failure
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))


class Connection:
    """One TCP connection: sends bytes, reads answers one by one."""

    def __init__(self, sock, timeout=20, on_activity=None):
        self.sock = sock
        self._timeout = timeout
        self._on_activity = on_activity or (lambda: None)
        self.sock.settimeout(min(timeout * SLOW, ROUND))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def abort(self):
        """Closes with a reset instead of a FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def send(self, data):
        rest = memoryview(data)
        while rest:
            rest = rest[patiently(lambda: self.sock.send(rest), self._timeout, "nothing is taken in time"):]
            self._on_activity()

    def send_request(self, method, path, headers=(), body=None):
        self.send(format_request(method, path, headers, body))

    def _more(self):
        try:
            data = patiently(lambda: self.sock.recv(65536), self._timeout, "no answer in time")
        except OSError as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed("connection closed")
        self._buffer += data
        self._on_activity()

    def _line(self):
        while b"\r\n" not in self._buffer:
            if len(self._buffer) > 65536:
                raise Failure("a header line without end")
            self._more()
        line, self._buffer = self._buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def read_exactly(self, size):
        parts, have = [], 0
        while True:
            part, self._buffer = self._buffer[:size - have], self._buffer[size - have:]
            parts.append(part)
            have += len(part)
            if have == size:
                return b"".join(parts)
            self._more()

    def read_head(self):
        """Status line and header fields."""
        line = self._line()
        parts = line.split(" ", 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
            raise Failure(f"not a status line: {line[:80]!r}")
        headers = []
        while True:
            field = self._line()
            if not field:
                break
            name, colon, value = field.partition(":")
            if not colon or not name or name != name.strip():
                raise Failure(f"not a header field: {field[:80]!r}")
            headers.append((name.lower(), value.strip()))
        return Response(int(parts[1]), parts[2] if len(parts) > 2 else "", headers, version=parts[0])

    def read_chunk(self):
        """One chunk of a chunked body; empty at the end."""
        size = int(self._line().split(";")[0], 16)
        data = self.read_exactly(size) if size else b""
        if self._line():
            raise Failure("a chunk does not end where its size says")
        return data

    def read_response(self, method="GET", interim=False):
        """A whole answer. Interim ones (100 Continue) are skipped unless asked for."""
        response = self.read_head()
        while response.status < 200 and not interim:
            response = self.read_head()
        if method == "HEAD" or response.status in (204, 304) or response.status < 200:
            return response
        if (response.header("transfer-encoding") or "").lower() == "chunked":
            parts = []
            while True:
                data = self.read_chunk()
                if not data:
                    break
                parts.append(data)
            response.body = b"".join(parts)
        elif response.header("content-length") is not None:
            response.body = self.read_exactly(int(response.header("content-length")))
        else:
            raise Failure("an answer with neither Content-Length nor chunks")
        return response

    def at_end(self, timeout=10):
        """True if the host closes, having sent nothing more, within `timeout` seconds."""
        if self._buffer:
            return False
        try:
            return not patiently(lambda: self.sock.recv(1), timeout, "the connection stays open")
        except Failure:
            return False
        except OSError:
            return True


def format_request(method, path, headers=(), body=None):
    headers = list(headers.items() if isinstance(headers, dict) else headers)
    names = {name.lower() for name, _ in headers}
    if "host" not in names:
        headers.insert(0, ("Host", "basalt"))
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(body))))
    lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def chunked(data, size):
    """The chunked coding of `data`, in chunks of `size` bytes."""
    parts = []
    for at in range(0, len(data), size):
        part = data[at:at + size]
        parts.append(b"%x\r\n%s\r\n" % (len(part), part))
    return b"".join(parts) + b"0\r\n\r\n"


class Api:
    """Correct requests, each on a connection of its own unless one is given."""

    def __init__(self, connect, token=None):
        self._connect = connect
        self.token = token
        self.last_activity = 0.0

    def _active(self):
        self.last_activity = time.monotonic()

    def open(self, timeout=20):
        return Connection(self._connect(timeout), timeout, self._active)

    def with_token(self, token):
        return Api(self._connect, token)

    def request(self, method, path, body=None, headers=(), timeout=20, connection=None):
        headers = list(headers.items() if isinstance(headers, dict) else headers)
        if self.token:
            headers.append(("Authorization", f"Bearer {self.token}"))
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.append(("Content-Type", "application/json"))
        own = connection is None
        try:
            if own:
                headers.append(("Connection", "close"))
                connection = self.open(timeout)
            connection.send_request(method, path, headers, body)
            return connection.read_response(method)
        except (OSError, Closed) as error:
            raise Failure(f"{method} {path}: {error or type(error).__name__}") from error
        finally:
            if own and connection:
                connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def get_json(self, path, **more):
        answer = self.get(path, **more)
        if answer.status != 200:
            raise Failure(f"GET {path}: {answer!r}")
        return answer.json()

    def put(self, path, body, **more):
        return self.request("PUT", path, body=body, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body=body if body is not None else b"", **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)
