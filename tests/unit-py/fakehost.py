# SPDX-License-Identifier: BSD-2-Clause
"""A host's HTTP API in a thread, for tests of the tools; tests change its members as they need."""

import base64
import hashlib
import http.server
import json
import re
import ssl
import threading
import time
import urllib.parse

from fakevms import VmPart

HOST_DOC = {
    "name": "rack1-07", "board": "qemu-q35-svm", "backend": "svm", "arch": "x86_64", "version": "0.1.0",
    "build_id": "4f0c9b7d21aa5e83", "compiler": "gcc 12.2.0", "uptime_seconds": 93784, "boot_time": None,
    "cmdline": "ip=dhcp token=s3cret:admin", "firmware": "uefi",
    "cpu": {"vendor": "AuthenticAMD", "model": "AMD EPYC 7763", "features": ["nx"], "tsc_hz": 2450000000},
    "cpus": [{"id": 0, "apic_id": 0, "node": 0, "state": "online"},
             {"id": 1, "apic_id": 1, "node": 0, "state": "online"}],
    "memory": {"total_bytes": 4294967296, "free_bytes": 4211081216, "heap_bytes": 1310720},
    "network": {
        "interfaces": [{"name": "nic0", "driver": "virtio-net", "mac": "52:54:00:12:34:56", "link": "up",
                        "mtu": 1500, "rx_packets": 4711, "tx_packets": 3999, "rx_bytes": 5242880,
                        "tx_bytes": 734003, "rx_dropped": 0, "tx_dropped": 0}],
        "ipv4": {"address": "10.0.2.15", "prefix": 24, "gateway": "10.0.2.2", "source": "dhcp"},
        "ipv6": [{"address": "fe80::5054:ff:fe12:3456", "state": "preferred"}]},
    "warnings": ["unknown boot option 'colour'"],
}
METRICS = """# HELP basalt_memory_bytes Memory by state.
# TYPE basalt_memory_bytes gauge
basalt_memory_bytes{state="free"} 4211081216
basalt_memory_bytes{state="heap"} 1310720
# TYPE basalt_uptime_seconds gauge
basalt_uptime_seconds 93784
# TYPE basalt_http_requests_total counter
basalt_http_requests_total{route="/v1/host",code="200"} 12
"""
CONFIG = '# Basalt configuration\nCONFIG_BOARD="qemu-q35-svm"\nCONFIG_SVM=y\n# CONFIG_VMX is not set\n'


class Handler(VmPart, http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "basalt/0.1.0", ""
    disable_nagle_algorithm = True

    def log_message(self, *_args):
        pass

    def reply(self, status, body=b"", kind="application/json", **headers):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def problem(self, status, code, detail, **more):
        headers = {k: more.pop(k) for k in list(more) if k[0].isupper()}
        doc = {"type": "about:blank", "title": "Problem", "status": status, "detail": detail, "code": code}
        doc |= more
        self.reply(status, doc, "application/problem+json", **headers)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def start_stream(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()

    def read_body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def handle_expect_100(self):
        self.fake.expected += 1
        refuse = self.fake.refuse_upload
        if refuse:
            self.close_connection = True
            self.fake.count(self)
            refuse(self)
            return False
        return super().handle_expect_100() if self.fake.send_continue else True

    def dispatch(self):
        self.fake.count(self)
        url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        override = self.fake.routes.get((self.command, url.path))
        if override:
            override(self)
        elif self.fake.token and self.headers.get("Authorization") != f"Bearer {self.fake.token}" \
                and url.path != "/healthz":
            self.read_body()
            self.problem(401, "unauthorized", "a bearer token is needed", WWW_Authenticate="Bearer")
        elif url.path.startswith("/v1/images"):
            self.images(url.path)
        elif url.path.startswith("/v1/vms"):
            self.virtual_machines(url.path)
        else:
            self.resource(url.path)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = dispatch

    @property
    def fake(self):
        return self.server.fake

    def resource(self, path):
        fake = self.fake
        action = re.fullmatch("/v1/host/actions/(reboot|poweroff)", path)
        simple = {"/v1/host": fake.doc,
                  "/v1/capabilities": {"virtualization": "svm", "arch": "x86_64", "features": ["nx"]}}
        plain = {"/metrics": METRICS, "/v1/host/config": CONFIG, "/healthz": "ok\n"}
        if action and self.command == "POST":
            fake.actions.append(action[1])
            self.reply(202, {"status": "accepted"})
        elif self.command != "GET":
            self.problem(405, "method_not_allowed", "only GET here", Allow="GET, HEAD")
        elif path in simple:
            self.reply(200, simple[path])
        elif path in plain:
            self.reply(200, plain[path].encode(), "text/plain")
        elif path == "/readyz":
            status, text = (200, b"ready\n") if fake.ready else (503, b"waiting for DHCP\n")
            self.reply(status, text, "text/plain")
        elif path == "/v1/host/log":
            self.log_page()
        elif path == "/v1/events":
            self.event_stream()
        else:
            self.problem(404, "not_found", f"nothing at {path}")

    def log_page(self):
        offset = int(self.query.get("offset", 0))
        limit = min(int(self.query.get("limit", 1000)), self.fake.log_page)
        entries = self.fake.log[offset:offset + limit]
        page = {"entries": entries, "next_offset": offset + len(entries), "dropped": 0}
        if self.query.get("level") == "error":
            page["entries"] = [e for e in entries if e["level"] == "error"]
        self.reply(200, page)

    def event_stream(self):
        self.start_stream("text/event-stream")
        last = int(self.headers.get("Last-Event-ID") or len(self.fake.events))
        for number, (kind, data) in enumerate(self.fake.events[last:], last + 1):
            self.chunk(f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode())
        self.chunk(b": keep-alive\n\n")
        self.fake.stop.wait(self.fake.linger)
        self.chunk(b"")
        self.close_connection = True

    def images(self, path):
        name = urllib.parse.unquote(path.removeprefix("/v1/images").removeprefix("/"))
        if not name:
            names = sorted(self.fake.images)
            at = int(self.query.get("cursor", 0))
            page = names[at:at + self.fake.page]
            more = str(at + self.fake.page) if at + self.fake.page < len(names) else None
            self.reply(200, {"items": [self.describe(n) for n in page], "next_cursor": more})
        elif self.command == "PUT":
            self.put_image(name)
        elif name.removesuffix("/content") not in self.fake.images:
            self.problem(404, "not_found", f"no image named {name}")
        elif name.endswith("/content"):
            self.reply(200, self.fake.images[name.removesuffix("/content")], "application/octet-stream")
        elif self.command == "DELETE":
            if name in self.fake.in_use:
                self.problem(409, "in_use", f"image {name} is in use")
                return
            del self.fake.images[name]
            self.reply(204)
        else:
            self.reply(200, self.describe(name))

    def put_image(self, name):
        body = self.read_body()
        digest = self.headers.get("Repr-Digest")
        if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", name):
            self.problem(422, "invalid_name", "a name has 1 to 64 of A-Z a-z 0-9 . _ -", field="name")
        elif self.headers.get("If-None-Match") == "*" and name in self.fake.images:
            self.problem(412, "precondition_failed", f"image {name} exists")
        elif digest and digest != digest_of(body):
            self.problem(400, "digest_mismatch", "the body has another SHA-256")
        else:
            status = 200 if name in self.fake.images else 201
            self.fake.images[name] = body
            doc = self.describe(name)
            if self.fake.corrupt:
                doc |= {"sha256": "00" * 32}
            self.reply(status, doc, ETag='"1"', Location=f"/v1/images/{name}")

    def describe(self, name):
        body = self.fake.images[name]
        return {"name": name, "size_bytes": len(body), "digest": digest_of(body),
                "sha256": hashlib.sha256(body).hexdigest(), "created": "2025-03-01T12:00:00Z",
                "state": "ready", "in_use": name in self.fake.in_use}


def digest_of(body):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass    # clients that go away are part of the tests


class FakeHost:
    def __init__(self, address="127.0.0.1", port=0, certificate=None):
        self.routes, self.requests, self.actions = {}, [], []
        self.images, self.in_use, self.events = {}, set(), []
        self.doc = json.loads(json.dumps(HOST_DOC))
        self.log = [{"seq": n, "time_ns": 1234567 * 1000 * n, "level": "error" if n == 3 else "info",
                     "cpu": n % 2, "message": f"message {n}"} for n in range(5)]
        self.token, self.ready, self.corrupt, self.send_continue = None, True, False, True
        self.page, self.log_page, self.linger, self.expected, self.connections = 100, 1000, 0.0, 0, set()
        self.refuse_upload = None
        self.vms, self.frames = {}, []
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.server = Server((address, port), Handler)
        self.server.fake = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.label = f"{address}:{self.port}"
        self.url = f"{'https' if certificate else 'http'}://{self.label}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def count(self, handler):
        with self.lock:
            self.requests.append((handler.command, handler.path, dict(handler.headers)))
            self.connections.add(handler.client_address)

    def close(self):
        self.stop.set()
        self.server.shutdown()
        self.server.server_close()


if __name__ == "__main__":
    import sys
    demo = FakeHost(port=int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
    demo.linger = 3600
    demo.events = [("host.started", {"version": "0.1.0"}), ("host.link_up", {"interface": "nic0"}),
                   ("host.address", {"time": "2026-11-22T12:31:55.004Z", "interface": "nic0", "address": "10.0.2.15/24"})]
    print(demo.url)
    while True:
        time.sleep(3600)
