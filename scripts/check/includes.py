# SPDX-License-Identifier: BSD-2-Clause
"""Who may include whom (docs: rooms).

net/agent sees vmm/include and core/include; the rest of net and all of platform see core/include; everybody has its
own room. Of platform, others see <arch/...> alone. A third-party library is seen by the rooms named for it.
"""
import os
import re

from files import read, tracked

# room -> rooms whose include/ folder it sees besides core/include and <arch/...>
SEES = {"core": set(), "platform": {"platform"}, "vmm": {"vmm"}, "net": {"net"}, "net/agent": {"net", "vmm"}}
THIRD_PARTY = {"lwip": {"net"}, "netif": {"net"}, "yyjson.h": {"net/agent"}, "mbedtls": {"net/agent"},
               "libfdt.h": {"platform", "vmm"}, "libfdt_env.h": {"platform", "vmm"}}


def room_of(path):
    for room in ("net/agent", "core", "platform", "vmm", "net"):
        if path.startswith(room + "/"):
            return room
    return None


def owners():
    """header as included -> the room that offers it"""
    result = {}
    for path in tracked(".h"):
        match = re.match(r"(core|vmm|net|platform)(?:/\w+)?/include/(.*)", path)
        if match:
            result[match.group(2)] = match.group(1)
    return result


def problem(path, room, style, header, owner):
    if style == '"':
        target = os.path.normpath(os.path.join(os.path.dirname(path), header))
        if not os.path.exists(target):
            return f'"{header}" is not beside it; a public header is included as <...>'
        other = room_of(target)
        # net/agent is a room of its own in both directions.
        return None if other == room else f'"{header}" is private to {other}'
    first = header.split("/")[0]
    if first in THIRD_PARTY:
        return None if room in THIRD_PARTY[first] else f"<{header}> belongs to {', '.join(sorted(THIRD_PARTY[first]))}"
    if first == "arch":
        return None
    other = owner.get(header)
    if other in (None, "core") or other in SEES[room]:
        return None
    return f"<{header}> belongs to {other}, which {room} does not see"


def check(_):
    owner, problems, count = owners(), [], 0
    for path in tracked(".c", ".h", ".S"):
        room = room_of(path)
        if not room:
            continue
        count += 1
        for number, line in enumerate(read(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
            wrong = match and problem(path, room, match.group(1), match.group(2), owner)
            if wrong:
                problems.append(f"{path}:{number}: {wrong}")
    return problems, f"{count} files"
