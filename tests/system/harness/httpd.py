# SPDX-License-Identifier: BSD-2-Clause
"""A little HTTP server that hands boot files to firmware."""

import contextlib
import http.server
import threading


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # EDK2 insists on it

    def log_message(self, *args):
        self.server.requests.append(args[0] % args[1:])


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        self.requests.append("connection lost")  # firmware resets connections as it pleases


class BootServer:
    """Serves `directory` until closed, on the loopback or inside a network namespace."""

    def __init__(self, directory, netns=None, address="127.0.0.1"):
        def handler(*args):
            _Handler(*args, directory=str(directory))

        with netns.entered() if netns else contextlib.nullcontext():
            self._server = _Server((address, 0), handler)
        self._server.requests = self.requests = []
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
