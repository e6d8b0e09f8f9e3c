# SPDX-License-Identifier: BSD-2-Clause
"""A WebSocket client (RFC 6455), as small as tests of a console need."""

import base64
import hashlib
import os
import socket
import struct

from .config import Failure

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class WebSocket:
    """Opens `path`; a context manager. `receive_buffer`: bytes that the kernel takes for a client that does not read."""

    def __init__(self, api, path, timeout=20, receive_buffer=None, protocol=None):
        self.connection = api.open(timeout)
        if receive_buffer:
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        key = base64.b64encode(os.urandom(16))
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                   "Sec-WebSocket-Key": key.decode()}
        if protocol:
            headers["Sec-WebSocket-Protocol"] = protocol
        self.connection.send_request("GET", path, headers)
        head = self.connection.read_head()
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode()
        if head.status != 101 or head.header("sec-websocket-accept") != accept:
            raise Failure(f"no WebSocket at {path}: {head!r}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, data, kind=BINARY):
        mask = os.urandom(4)
        length = bytes([0x80 | len(data)]) if len(data) < 126 else struct.pack(">BH", 0x80 | 126, len(data))
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.connection.send(bytes([0x80 | kind]) + length + mask + masked)

    def receive(self):
        """The next message or control frame: (kind, data). Pings are answered and passed over."""
        while True:
            first, second = self.connection.read_exactly(2)
            length = second & 0x7f
            if length == 126:
                length = struct.unpack(">H", self.connection.read_exactly(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self.connection.read_exactly(8))[0]
            data = self.connection.read_exactly(length)
            if not first & 0x80 or second & 0x80:
                raise Failure("the host sends a fragment, or masks")
            if first & 0xf != PING:
                return first & 0xf, data
            self.send(data, PONG)

    def read_until(self, text, limit=1 << 20):
        """Output up to a message that completes `text`."""
        output = b""
        while text not in output:
            kind, data = self.receive()
            if kind == CLOSE:
                raise Failure(f"closed with {data!r} after {output[-200:]!r}")
            if kind == BINARY:
                output += data
            if len(output) > limit:
                raise Failure(f"{text!r} does not come: {output[-200:]!r}")
        return output
