# SPDX-License-Identifier: BSD-2-Clause
"""The part of the made-up host that is about VMs. A guest says what it is told, in brackets."""

import base64
import hashlib
import json
import re
import socket
import struct
import threading

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MOVES = {"start": ({"created", "stopped", "crashed"}, "running"), "stop": ({"running", "paused"}, "stopped"),
         "pause": ({"running"}, "paused"), "resume": ({"paused"}, "running"),
         "reset": ({"running", "paused"}, "running"), "nmi": ({"running"}, "running")}


class Vm:
    def __init__(self, config):
        self.doc = {"initrd": None, "cmdline": "", "debug_exit": False, "restart": "never"} | config
        self.doc |= {"state": "created", "run_ns": 2500000000, "overhead_bytes": 101064, "exit_code": None,
                     "crash": None, "dirty_log": False, "restarts": 0, "restart_pending": None}
        if isinstance(self.doc["memory"], str):
            self.doc["memory"] = int(self.doc["memory"][:-1]) << {"K": 10, "M": 20, "G": 30}[self.doc["memory"][-1]]
        self.output, self.first = b"", 0    # first: what was overwritten before
        self.news = threading.Condition()
        self.gone = False
        self.dirty = True

    def say(self, data):
        with self.news:
            self.output += data
            self.news.notify_all()


class VmPart:
    """Mixed into the handler of requests."""

    def virtual_machines(self, path):
        vms = self.fake.vms
        match = re.fullmatch(r"/v1/vms/([^/]+)(/.*)?", path)
        if not match:
            self.vm_collection()
        elif match[1] not in vms:
            self.read_body()
            self.problem(404, "not_found", f"There is no VM {match[1]}.")
        elif match[2] is None and self.command == "DELETE":
            self.vm_delete(match[1])
        elif match[2] is None:
            cpu = {"id": 0, "state": "halted", "run_ns": 1500000000, "halted_ns": 9, "exits": 42}
            self.reply(200, vms[match[1]].doc | {"cpus": [cpu], "exits": {"io": 40, "halt": 2, "nmi": 0}})
        elif match[2] in ("/dirty-log", "/actions/dirty-log-read"):
            self.vm_dirty_log(vms[match[1]], match[2] != "/dirty-log")
        elif match[2].startswith("/actions/dirty-log-"):
            vms[match[1]].doc["dirty_log"] = match[2].endswith("start")
            self.reply(200, vms[match[1]].doc)
        elif match[2].startswith("/actions/"):
            self.vm_action(vms[match[1]], match[2].removeprefix("/actions/"))
        elif match[2] == "/console/log":
            self.vm_log(vms[match[1]])
        else:
            self.vm_console(vms[match[1]])

    def vm_collection(self):
        fake = self.fake
        if self.command == "GET":
            self.reply(200, {"items": [fake.vms[n].doc for n in sorted(fake.vms)], "next_cursor": None})
            return
        config = json.loads(self.read_body())
        if config["name"] in fake.vms:
            self.problem(409, "exists", "there is one", field="name")
        elif config["kernel"] not in fake.images:
            self.problem(422, "unknown_image", f"There is no image {config['kernel']}.", field="kernel")
        elif config["memory"] == "900G":
            self.problem(507, "insufficient_storage", "900 GiB do not fit: 4 GiB are free", field="memory")
        else:
            vm = fake.vms[config["name"]] = Vm(config)
            self.reply(201, vm.doc, Location=f"/v1/vms/{config['name']}")

    def vm_delete(self, name):
        vm = self.fake.vms[name]
        if vm.doc["state"] in ("running", "paused"):
            self.problem(409, "wrong_state", f"VM {name} is {vm.doc['state']}; stop it first", field="state")
            return
        del self.fake.vms[name]
        with vm.news:
            vm.gone = True
            vm.news.notify_all()
        self.reply(204)

    def vm_action(self, vm, action):
        allowed, state = MOVES[action]
        if vm.doc["state"] not in allowed:
            self.problem(409, "wrong_state", f"VM {vm.doc['name']} is {vm.doc['state']}", field="state")
            return
        vm.doc["state"] = state
        self.reply(200, vm.doc)

    def vm_dirty_log(self, vm, is_reading):
        if not vm.doc["dirty_log"]:
            self.problem(409, "wrong_state", "The dirty log is off.", field="dirty_log")
            return
        ranges = [{"address": 0x1000000, "pages": 3}, {"address": 0x2000000, "pages": 256}] if vm.dirty else []
        vm.dirty = vm.dirty and not is_reading
        self.reply(200, {"page_size": 4096, "dirty_pages": sum(r["pages"] for r in ranges), "ranges": ranges, "is_cut": False})

    def vm_log(self, vm):
        offset = max(int(self.query.get("offset", 0)), vm.first)
        data = vm.output[offset:offset + self.fake.log_page]
        self.reply(200, data, "application/octet-stream", X_Offset=str(offset),
                   X_Next_Offset=str(offset + len(data)))

    # ---- the console ----

    def vm_console(self, vm):
        key = self.headers["Sec-WebSocket-Key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        self.close_connection = True
        self.wfile.write(("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                          f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
        self.wfile.flush()
        threading.Thread(target=self.send_output, args=(vm,), daemon=True).start()
        while frame := self.read_frame():
            kind, data = frame
            self.fake.frames.append((kind, data))
            if kind == 8:
                return
            if data == b"drop":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if kind in (1, 2):
                vm.say(b"<" + data + b">")

    def send_frame(self, kind, data):
        length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
        self.wfile.write(bytes([0x80 | kind]) + length + data)
        self.wfile.flush()

    def send_output(self, vm):
        at = max(int(self.query.get("offset", 0)), vm.first)
        try:
            self.send_frame(1, json.dumps({"offset": at}).encode())
            self.send_frame(9, b"there?")
            while True:
                with vm.news:
                    vm.news.wait_for(lambda at=at: len(vm.output) > at or vm.gone)
                    data = vm.output[at:at + 1000]
                if not data:
                    self.send_frame(8, struct.pack("!H", 1001) + b"VM deleted")
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_frame(2, data)
                at += len(data)
        except (OSError, ValueError):
            pass

    def read_frame(self):
        try:
            head = self.rfile.read(2)
            if len(head) < 2:
                return None
            assert head[1] & 0x80, "a client masks"
            length = head[1] & 0x7f
            if length == 126:
                length = int.from_bytes(self.rfile.read(2), "big")
            mask = self.rfile.read(4)
            data = self.rfile.read(length)
            return head[0] & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        except (OSError, ValueError):
            return None
