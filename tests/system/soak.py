#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Keeps one host busy for a long time with everything clients do, good and bad, and tells whether memory comes back:
free pages and heap before, along the way and after, once everything that was made has been removed.
"""

import argparse
import contextlib
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from harness.api import Closed, chunked  # noqa: E402
from harness.config import LOGS, Failure, HostConfig, Skip, check  # noqa: E402
from harness.host import Host, stop_all_at_signal  # noqa: E402
from harness.prometheus import Metrics  # noqa: E402

# Memory may differ by this much before it counts as lost.
SLACK_BYTES = 256 << 10


class Soak:
    def __init__(self, host, deadline):
        self.host = host
        self.deadline = deadline
        self.counts = {}
        self.errors = []
        self.lock = threading.Lock()

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def run(self, worker):
        rng = random.Random(worker)
        actions = [self.look, self.look, self.pipeline, self.upload, self.cut, self.malformed, self.listen, self.abort]
        while time.monotonic() < self.deadline:
            action = rng.choice(actions)
            try:
                action(rng, f"soak-{worker}-{rng.randrange(4)}")
                self.count(action.__name__)
            except (Failure, Closed, OSError) as error:
                with self.lock:
                    self.errors.append(f"{action.__name__}: {error}")
                if not self.host.is_running or len(self.errors) > 50:
                    return

    def look(self, rng, _name):
        path = rng.choice(["/healthz", "/v1/host", "/metrics", "/v1/host/log?limit=50", "/v1/images", "/openapi.json", "/"])
        check(self.host.api.get(path).status == 200, path)

    def pipeline(self, _rng, _name):
        with self.host.api.open() as connection:
            connection.send(b"GET /v1/host HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
            for _ in range(20):
                check(connection.read_response().status == 200, "pipelined")

    def upload(self, rng, name):
        data = rng.randbytes(rng.choice([1, 5000, 300_000, 3_000_000]))
        answer = self.host.api.put(f"/v1/images/{name}", data, timeout=60)
        check(answer.status in (200, 201), f"upload: {answer!r}")
        if rng.random() < 0.5:
            check(self.host.api.get(f"/v1/images/{name}/content", timeout=60).body == data, "content")
        if rng.random() < 0.7:
            check(self.host.api.delete(f"/v1/images/{name}").status == 204, "delete")

    def cut(self, rng, name):
        name += "-cut"  # its end may be noticed later than the next upload begins
        connection = self.host.api.open()
        with contextlib.suppress(OSError):
            if rng.random() < 0.5:
                connection.send(f"PUT /v1/images/{name} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n".encode())
                connection.send(bytes(rng.randrange(1_000_000)))
            else:
                connection.send(f"PUT /v1/images/{name} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
                connection.send(chunked(bytes(100_000), 999)[:-rng.randrange(5, 5000)])
        connection.abort() if rng.random() < 0.5 else connection.close()

    def malformed(self, rng, _name):
        with contextlib.suppress(OSError, Closed), self.host.api.open() as connection:
            connection.send(rng.randbytes(rng.randrange(1, 3000)) + b"\r\n\r\n")
            check(400 <= connection.read_response().status <= 505, "malformed")

    def listen(self, _rng, _name):
        with self.host.api.open() as connection:
            connection.send_request("GET", "/v1/events")
            check(connection.read_head().status == 200, "events")

    def abort(self, rng, _name):
        connection = self.host.api.open()
        connection.send(b"GET /v1/host HTTP/1.1\r\nHost: x\r\n\r\n" * rng.randrange(1, 50))
        connection.abort()


def figures(host):
    """Bytes: free pages, memory handed out by the heap, pages that object caches hold."""
    metrics = Metrics(host.api.get("/metrics", timeout=60).text)
    return (int(metrics.value("basalt_memory_bytes", state="free")), int(metrics.value("basalt_heap_bytes")),
            int(metrics.value("basalt_slab_bytes")))


def describe(numbers):
    return "free {}, heap {}, caches {}".format(*numbers)


def settled(host, timeout=90):
    """The figures when they have stopped moving: closed connections take their time to be forgotten."""
    last, since = figures(host), time.monotonic()
    begin = since
    while time.monotonic() - begin < timeout and time.monotonic() - since < 15:
        time.sleep(1)
        now = figures(host)
        if now != last:
            last, since = now, time.monotonic()
    return last


def clean(host):
    for item in host.api.get_json("/v1/images?limit=1000", timeout=60)["items"]:
        host.api.delete(f"/v1/images/{item['name']}", timeout=60)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--memory", default="512M")
    parser.add_argument("--nic", default="virtio-net-pci")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--net", default="tap", choices=["tap", "user"])
    options = parser.parse_args()
    stop_all_at_signal()
    host = Host(HostConfig(cpus=options.cpus, memory=options.memory, nic=options.nic, net=options.net), LOGS / "soak")
    try:
        host.start().wait_ready()
        # One round first: what is made once and kept (caches, pools) is no leak.
        warm = Soak(host, time.monotonic() + 20)
        warm.run(0)
        clean(host)
        before = settled(host)
        print(f"before: {describe(before)}", flush=True)
        soak = Soak(host, time.monotonic() + options.minutes * 60)
        threads = [threading.Thread(target=soak.run, args=(number + 1,)) for number in range(options.clients)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(60 / len(threads))
            now = figures(host)
            left = max(0, soak.deadline - time.monotonic()) / 60
            print(f"{left:5.1f} min left: {describe(now)}; {sum(soak.counts.values())} actions, "
                  f"{len(soak.errors)} errors", flush=True)
        clean(host)
        after = settled(host)
        host.check_alive()
        print(f"after:  {describe(after)}")
        print(f"difference: {describe(tuple(b - a for a, b in zip(before, after)))}; actions: {soak.counts}")
        for error in soak.errors[:20]:
            print(f"error: {error}")
        # What caches hold is free for their next objects; that the heap is where it was shows it is no loss.
        pages = (before[0] + before[2]) - (after[0] + after[2])
        lost = pages > SLACK_BYTES or after[1] - before[1] > SLACK_BYTES
        print("FAIL" if lost or soak.errors else "PASS")
        return 1 if lost or soak.errors else 0
    except (Failure, Skip) as failure:
        print(f"FAIL: {failure}; serial log: {host.logdir / 'serial.log'}")
        return 1
    finally:
        host.stop()


if __name__ == "__main__":
    sys.exit(main())
