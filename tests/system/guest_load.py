# SPDX-License-Identifier: BSD-2-Clause
"""
Keeps a Linux guest busy with forks, page faults and timers (tests/guest/linux/load.c), its vCPUs twice as many as the
host's CPUs, and tells whether its clocks and timers were right and its kernel content.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from harness.config import BOARDS, DEFAULT_BOARD, LOGS, Failure, HostConfig, Skip  # noqa: E402
from harness.host import Host, stop_all_at_signal  # noqa: E402
from harness.linux import KERNELS  # noqa: E402
from harness.load import BY_TURNS, GuestLoad, counted  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-b", "--board", default=DEFAULT_BOARD, choices=sorted(BOARDS))
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kernel", default="6.1", choices=sorted(KERNELS))
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--vcpus", type=int, default=4)
    parser.add_argument("--parallel", action="store_true", help="CPUs run at the same time: see harness/load.py on what then fails")
    parser.add_argument("--counted", action="store_true", help="time is counted in instructions: for busy machines")
    options = parser.parse_args()
    emulator = counted(BOARDS[options.board]) if options.counted else {} if options.parallel else BY_TURNS
    stop_all_at_signal()
    host = Host(HostConfig(board=options.board, cpus=options.cpus, memory="1G", **emulator), LOGS / "guest-load")
    try:
        host.start().wait_ready()
        load = GuestLoad(host, options.kernel, options.vcpus, say=lambda text: print(text, flush=True))
        figures, problems = load.run(60 * options.minutes)
        host.check_alive()
    except (Failure, Skip) as failure:
        print(f"FAIL: {failure}; serial log: {host.logdir / 'serial.log'}")
        return 1
    finally:
        host.stop()
    for name, value in figures.items():
        print(f"{name}: {value}")
    for problem in problems:
        print(f"problem: {problem}")
    print("FAIL" if problems else "PASS")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
