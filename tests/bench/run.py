#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What the host costs, counted, not timed: `make bench`. Prints a table; --write puts it into docs/performance.md.
How each figure comes about is written there.
"""

import argparse
import gzip
import pathlib
import re
import statistics
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "system"), str(pathlib.Path(__file__).resolve().parent)]
sys.dont_write_bytecode = True

import exits  # noqa: E402
import linux  # noqa: E402
from counted import Debugger, booted, counting, instructions, load_offset, virtual  # noqa: E402
from harness.api import Closed  # noqa: E402
from harness.config import BOARDS, LOGS, Failure, HostConfig, Skip, check  # noqa: E402
from harness.host import ADDRESS, READY, Host  # noqa: E402
from harness.vm import Vm, guest_file, upload  # noqa: E402
from symbols import Symbols  # noqa: E402

MIB = 1 << 20
REQUESTS = 200
IDLE_SECONDS = 20
PAGE = ROOT / "docs" / "performance.md"
END = "<!-- end -->\n"
STAMP = r"^\[ *(\d+)\.(\d{6})\] "


class Table:
    def __init__(self):
        self.rows = []

    def add(self, name, value, aim=""):
        print(f"{name:58} {value:>16} {aim}", flush=True)
        self.rows.append((name, value, aim))

    def markdown(self):
        lines = ["| figure | value | aim |", "|---|---:|---|"]
        lines += [f"| {name} | {value} | {aim} |" for name, value, aim in self.rows]
        return "\n".join(lines) + "\n"


def image_size(table, board):
    for suffix in ("elf", "efi"):
        path = HostConfig(board=board).image(suffix)
        size = path.stat().st_size
        aim = "at most 1 MiB" if suffix == "elf" else ""
        table.add(f"image: basalt.{suffix}", f"{size} bytes", aim)
    table.add("image: basalt.elf, compressed with gzip -9",
              f"{len(gzip.compress(HostConfig(board=board).image('elf').read_bytes(), 9))} bytes")


def idle_memory(table, board):
    """Without counting: memory does not depend on it."""
    for memory, size in (("128M", 128 * MIB), ("1G", 1024 * MIB), ("16G", 16384 * MIB)):
        host = Host(HostConfig(board=board, memory=memory, cpus=2), LOGS / "bench-memory")
        try:
            host.start().wait_ready()
            figures = host.api.get_json("/v1/host")["memory"]
        finally:
            host.stop()
        used = size - figures["free_bytes"]
        aim = "at most 16 MiB" if memory == "1G" else ""
        table.add(f"memory in use at idle, host of {memory}, 2 CPUs", f"{used / MIB:.2f} MiB", aim)
        if memory == "1G":
            table.add("  of it heap and slabs", f"{figures['heap_bytes'] / 1024:.0f} KiB")


def boot_instructions(table, board):
    with booted(counting(board=board, memory="1G"), LOGS / "bench-boot") as (host, begin):
        host.wait_serial(READY)
        host.wait_serial(ADDRESS)
        ready = instructions(host)
        check(host.api.get("/healthz", timeout=60).status == 200, "/healthz")
        answered = instructions(host)
        table.add("hand-over to first answered request, 1 CPU", f"{answered - begin} instr.")
        table.add("  of it up to the agent's readiness", f"{ready - begin} instr.")


def boot_time(table, board):
    """The host's own clock, whose zero is the hand-over (its calibration included)."""
    with booted(virtual(board=board, memory="1G"), LOGS / "bench-virtual") as (host, _):
        stamps = [host.wait_serial(STAMP + r"[^\n]*" + line) for line in (READY, ADDRESS)]
        milliseconds = max(int(match[1]) * 1000 + int(match[2]) / 1000 for match in stamps)
        table.add("hand-over to ready with address, virtual time, DHCP answered at once", f"{milliseconds:.2f} ms",
                  "at most 100 ms")


def settle(host):
    """Until two readings half a thousandth of a second of instructions apart are equal: the host is idle."""
    last = instructions(host)
    for _ in range(1000):
        now = instructions(host)
        if now == last:
            return now
        last = now
    raise Failure("the host never rests")


def per_request(table, host, name, request):
    """
    The median over many requests on one connection, each sent when the host has come to rest after the one before:
    interrupt, TCP, HTTP, handler, answer and its acknowledgement, everything included.
    """
    costs = []
    with host.api.open(60) as connection:
        for _ in range(REQUESTS):
            before = settle(host)
            connection.send(request)
            check(connection.read_response().status == 200, name)
            costs.append(settle(host) - before)
    costs.sort()
    table.add(f"{name}, one at a time: median", f"{int(statistics.median(costs))} instr.")
    table.add("  10th and 90th percentile", f"{costs[len(costs) // 10]}–{costs[len(costs) * 9 // 10]}")


def pipelined(table, host, name, request):
    """Many requests in few segments: what remains of a request when packets are shared."""
    with host.api.open(60) as connection:
        costs = []
        for _ in range(20):
            before = settle(host)
            connection.send(request * 50)
            for _ in range(50):
                check(connection.read_response().status == 200, name)
            costs.append((settle(host) - before) / 50)
    table.add(f"{name}, 50 pipelined: each, median", f"{int(statistics.median(costs))} instr.")


def upload_bytes(table, host):
    """Bulk data: from the wire to the image store, digest included."""
    size = 8 * MIB
    before = settle(host)
    check(host.api.put("/v1/images/bench", bytes(size), timeout=120).status == 201, "upload")
    cost = settle(host) - before
    check(host.api.delete("/v1/images/bench").status == 204, "delete")
    table.add("upload of 8 MiB with SHA-256, per byte", f"{cost / size:.2f} instr.")


def requests(table, board):
    with booted(counting(board=board, memory="1G"), LOGS / "bench-requests") as (host, _):
        host.wait_ready()
        for path in ("/healthz", "/v1/host", "/metrics"):
            request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
            per_request(table, host, f"GET {path}", request)
        pipelined(table, host, "GET /healthz", b"GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n")
        upload_bytes(table, host)


def vm_start(table, board):
    """From the action's handler to the guest's first byte, by breakpoints; the guest says hello at once."""
    symbols = Symbols(HostConfig(board=board).image("elf").with_suffix(".debug"))
    offset = load_offset(board)
    config = counting(board=board, memory="1G")
    with booted(config, LOGS / "bench-start") as (host, _):
        host.wait_ready()
        kernel = upload(host.api, "hello", guest_file(config, "hello").read_bytes())
        with Vm(host.api, "hello", vcpus=1, memory="64M", kernel=kernel, debug_exit=True) as vm:
            settle(host)
            debugger = Debugger(host.workdir / "gdb")
            request = threading.Thread(target=vm.try_action, args=("start",))
            request.start()
            debugger.run_to(offset + symbols.address("vm_start"))
            before = instructions(host)
            debugger.run_to(offset + symbols.address("console_put"))
            cost = instructions(host) - before
            debugger.detach()
            request.join()
            vm.wait_end()
    table.add("VM start to the guest's first console byte, 64 MiB", f"{cost} instr.", "at most 2000000")


def idle_work(table, board):
    """Tickless: what an idle host executes without traffic."""
    with booted(counting(board=board, memory="1G"), LOGS / "bench-idle") as (host, _):
        host.wait_ready()
        time.sleep(5)  # address detection and the like are over
        before, began = instructions(host), time.monotonic()
        time.sleep(IDLE_SECONDS)
        per_second = (instructions(host) - before) / (time.monotonic() - began)
        table.add("idle, 1 CPU, network up", f"{per_second:.0f} instr./s")


def host_figures(board):
    table = Table()
    image_size(table, board)
    idle_memory(table, board)
    boot_instructions(table, board)
    boot_time(table, board)
    requests(table, board)
    vm_start(table, board)
    idle_work(table, board)
    return table.markdown(), None


def exit_figures(board):
    found = exits.measure(board)
    exits.print_table(board, found)
    return exits.markdown(board, found), found


def linux_figures(board):
    text = linux.markdown(linux.measure(board))
    print(text, end="")
    return text, None


# Name: what measures and prints it, and gives what the page has of it (and what the guard compares with).
PARTS = {"host": host_figures, "exits": exit_figures, "linux": linux_figures}


def write_page(name, table):
    text = PAGE.read_text()
    begin = f"<!-- make bench: {name} -->\n"
    if begin not in text or END not in text.split(begin, 1)[1]:
        raise Failure(f"{PAGE} has no place for the table '{name}'")
    head, rest = text.split(begin, 1)
    PAGE.write_text(head + begin + table + END + rest.split(END, 1)[1])


def measure(board, parts, writing):
    for name in parts:
        table, found = PARTS[name](board)
        if writing:
            arch = BOARDS[board].arch
            write_page(name if arch == "x86_64" else f"{name} {arch}", table)
        if writing and found:
            exits.record(board, found)


def guard(board):
    """For `make test`: whether no operation has become more expensive."""
    passed, failed = exits.guard(board, exits.measure(board))
    print(f"{passed} passed, {failed} failed")
    return failed == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", help="the build folder of the board; its parent must be BASALT_BUILD")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; none: all")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--guard", action="store_true", help="only compare exits with what was recorded")
    options = parser.parse_args()
    board = pathlib.Path(options.out).name
    try:
        if options.guard:
            return 0 if guard(board) else 1
        measure(board, options.parts or PARTS, options.write)
    except (Failure, Skip, Closed, OSError) as failure:
        print(f"bench: {failure or type(failure).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
