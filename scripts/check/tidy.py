# SPDX-License-Identifier: BSD-2-Clause
"""clang-tidy over the image's own C sources, with the command line that each object remembers.

A file is looked at again when its object was remade (so, when anything it depends on changed) or .clang-tidy did.
"""
import concurrent.futures
import os
import re
import shlex
import subprocess

# Without its walks through whole call trees the analyzer takes a tenth of the time, and knows better what it says.
SHALLOW = ["-Xclang", "-analyzer-config", "-Xclang", "mode=shallow"]
OWN = ("core/", "platform/", "vmm/", "net/")
# gcc's include folder (a cross compiler's lies beside the native one's) and options mean nothing to clang.
RESOURCE = subprocess.run(["clang-19", "-print-file-name=include"], capture_output=True, text=True).stdout.strip()


def command(record):
    """The compiler's arguments out of target.d, as clang takes them."""
    saved = re.match(r"saved-\S+ := (.*)", open(record).readline()).group(1).replace("$$", "$").replace("\\#", "#")
    compiler, *words = shlex.split(saved.split("; ", 1)[1])
    cross = re.match(r"(?:.*/)?(\w+-linux-gnu)-", compiler)
    if cross:
        words.insert(0, f"--target={cross.group(1)}")
    words = [RESOURCE if re.search(r"/gcc(-cross)?/.*/include$", word) else word for word in words]
    for option in ("-MF", "-o"):
        at = words.index(option)
        del words[at:at + 2]
    return [word for word in words[:-1] if word not in ("-MMD", "-c", "-Werror")], words[-1]


def look_at(record):
    arguments, source = command(record)
    stamp = f"{record[:-4]}.tidy"
    newest = max(os.path.getmtime(record), os.path.getmtime(".clang-tidy"))
    if os.path.exists(stamp) and os.path.getmtime(stamp) >= newest:
        return None
    done = subprocess.run(["clang-tidy-19", "--quiet", source, "--", *arguments, *SHALLOW], capture_output=True, text=True)
    # 1: a check that .clang-tidy makes an error, or a source that clang does not take.
    if done.returncode:
        return done.stdout.strip() or done.stderr.strip()
    open(stamp, "w").close()
    return None


def check(objects):
    with open(objects) as file:
        records = [f"{path}.d" for path in file.read().split() if path.endswith(".o")]
    records = [path for path in records if command(path)[1].endswith(".c") and command(path)[1].startswith(OWN)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = [found for found in pool.map(look_at, records) if found]
    # The analyzer's path to a finding is long; clang-tidy-19 on that file shows it.
    here = os.getcwd() + "/"
    lines = [line.replace(here, "") for found in findings for line in found.splitlines() if ": error: " in line]
    return sorted(set(lines or findings)), f"{len(records)} files"
