#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Line coverage of the pure modules by unit tests and fuzz corpora together, per file and in total.

    coverage.py DIR SOURCE... -- PROGRAM...     DIR takes the profiles; programs are test_x and fuzz_x
"""
import glob
import json
import os
import subprocess
import sys

split = sys.argv.index("--")
folder, sources, programs = sys.argv[1], sys.argv[2:split], sys.argv[split + 1:]
if not programs:
    sys.exit("coverage: no unit test or fuzz target is listed")
for old in glob.glob(f"{folder}/*.profraw"):
    os.remove(old)

for program in programs:
    name = os.path.basename(program)
    # %p: Criterion runs every test in a process of its own.
    env = dict(os.environ, LLVM_PROFILE_FILE=f"{folder}/{name}.%p.profraw")
    corpus = sorted(p for p in glob.glob(f"tests/fuzz/corpus/{name[5:]}/**", recursive=True) if os.path.isfile(p))
    inputs = corpus if name.startswith("fuzz_") else []
    done = subprocess.run([program, *inputs], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        sys.exit(f"coverage: {name} failed:\n{done.stdout.decode(errors='replace')}")

merged = f"{folder}/all.profdata"
subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-o", merged, *glob.glob(f"{folder}/*.profraw")], check=True)
command = ["llvm-cov-19", "export", "-summary-only", f"-instr-profile={merged}", programs[0]]
for program in programs[1:]:
    command += ["-object", program]
report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

covered = total = 0
lines = {os.path.relpath(entry["filename"]): entry["summary"]["lines"] for entry in report["data"][0]["files"]}
for source in sources:
    entry = lines.get(source, {"covered": 0, "count": 0, "percent": 0.0})
    covered += entry["covered"]
    total += entry["count"]
    print(f"{entry['percent']:6.1f}%  {entry['covered']:5} of {entry['count']:5}  {source}")
print(f"{100 * covered / max(total, 1):6.1f}%  {covered:5} of {total:5}  total")
