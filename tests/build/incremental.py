#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A change rebuilds exactly what depends on it. Works in an output folder that is built already, and leaves it built.

    incremental.py BOARD O

What should rebuild is computed here from the sources, not from what the build recorded about options.
"""
import glob
import os
import re
import subprocess
import sys

board, out = sys.argv[1:]
failures = passes = 0


def make(*extra):
    """Builds; the set of objects that were compiled, and whether anything ran at all."""
    done = subprocess.run(["make", f"-j{os.cpu_count()}", f"BOARD={board}", f"O={out}", *extra, "all"],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"incremental: build failed\n{done.stdout}{done.stderr}")
    return set(re.findall(r"^  (?:CC|AS) +(\S+)$", done.stdout, re.M)), bool(re.search(r"^  [A-Z]+ ", done.stdout, re.M))


def object_files():
    """object (relative to out) -> the files it was made of"""
    result = {}
    for path in glob.glob(f"{out}/obj/**/*.o.d", recursive=True):
        if os.path.exists(path[:-2]):
            text = open(path).read()
            rule = re.search(r"^%s:((?: \\\n \S+)+)$" % re.escape(path[:-2]), text, re.M)
            result[os.path.relpath(path[:-2], out)] = rule.group(1).replace("\\\n", "").split()
    return result


def linked():
    """The objects of the image as it is now: an option can also take whole files out."""
    return {os.path.relpath(name, out) for name in open(f"{out}/basalt.debug.d").readline().split() if name.endswith(".o")}


def expect(what, got, wanted):
    global failures, passes
    wanted = wanted & linked()
    if got == wanted and 0 < len(wanted) < len(objects):
        passes += 1
        print(f"ok    {what}: {len(got)} of {len(objects)} objects")
    else:
        failures += 1
        print(f"FAIL  {what}: {len(got)} of {len(objects)} objects; "
              f"too many: {sorted(got - wanted)}, missing: {sorted(wanted - got)}")


def mentions(option, path):
    # The option itself, not one whose name it begins.
    return re.search(rf"\b{option}\b", open(path, errors="replace").read()) is not None


def set_option(line, replacement):
    path = f"{out}/.config"
    text = open(path).read()
    assert re.search(line, text, re.M), f"{line} is not in {path}"
    with open(path, "w") as file:
        file.write(re.sub(line, replacement, text, flags=re.M))


make()
objects = object_files()
compiled, ran = make()
if compiled or ran:
    failures += 1
    print("FAIL  nothing changed, and yet something was made")
else:
    passes += 1
    print("ok    nothing changed: nothing made")

header = "core/include/core/build_info.h"
os.utime(header)
expect(f"touched {header}", make()[0], {name for name, files in objects.items() if header in files})

# The configuration is embedded in the image, so build_info.c depends on every option.
embeds = "obj/core/lib/build_info.o"
for option, line, other in (("CONFIG_LOG_LEVEL", r"^CONFIG_LOG_LEVEL=(\d)$", "CONFIG_LOG_LEVEL=0"),
                            ("CONFIG_DEBUG_LOCKS", r"^CONFIG_DEBUG_LOCKS=y$", "# CONFIG_DEBUG_LOCKS is not set")):
    before = open(f"{out}/.config").read()
    users = {name for name, files in objects.items() if any(mentions(option, path) for path in files)} | {embeds}
    set_option(line, other)
    expect(f"changed {option}", make()[0], users)
    with open(f"{out}/.config", "w") as file:
        file.write(before)
    expect(f"changed {option} back", make()[0], users)

plain = next(name for name in sorted(objects) if name.endswith("/string/memchr.o"))
source = next(path for path in objects[plain] if path.endswith("/memchr.c"))
expect("changed the flags of one file", make(f"cflags-{source}=-DANYTHING")[0], {plain})
expect("changed them back", make()[0], {plain})

print(f"{passes} passed, {failures} failed")
sys.exit(failures != 0)
