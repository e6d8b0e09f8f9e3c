# SPDX-License-Identifier: BSD-2-Clause
"""Files of one subject, functions that fit a screen, few preprocessor conditionals."""
import re
import statistics

from files import read, tracked

FILE_MAX, FUNCTION_MAX = 800, 100


def functions(lines):
    """(name, first line, length) by the layout that clang-format enforces: a function's braces stand in column 0."""
    for start, line in enumerate(lines):
        if line != "{":
            continue
        end = next((i for i in range(start, len(lines)) if lines[i] == "}"), len(lines) - 1)
        head = start - 1
        while head > 0 and lines[head][:1] in (" ", "\t"):
            head -= 1
        match = re.search(r"(\w+)\s*\(", lines[head])
        yield (match.group(1) if match else "?"), head + 1, end - head + 1


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


def check(_):
    problems, files, lengths, conditionals, code = [], [], [], 0, 0
    for path in tracked(".c", ".h", ".S", ".py", ".sh", ".mk"):
        lines = read(path).splitlines()
        if len(lines) > FILE_MAX:
            problems.append(f"{path}: {len(lines)} lines (at most {FILE_MAX})")
        if not path.endswith((".c", ".h")) or path.startswith("tests/"):
            continue
        files.append(len(lines))
        code += len(lines)
        text = "\n".join(lines)
        conditionals += len(re.findall(r"^\s*#\s*if", text, re.M))
        # Include guards are no conditionals.
        conditionals -= len(re.findall(r"^#ifndef (\w+)\n#define \1$", text, re.M))
        for name, line, length in functions(lines):
            lengths.append(length)
            if length > FUNCTION_MAX:
                problems.append(f"{path}:{line}: {name}() has {length} lines (at most {FUNCTION_MAX})")
    note = (f"files median {statistics.median(files):.0f}, longest {max(files)}; functions median "
            f"{statistics.median(lengths or [0]):.0f}, 95% {percentile(lengths, 0.95)}, longest {max(lengths or [0])}; "
            f"{1000 * conditionals / max(code, 1):.1f} #if per 1000 lines")
    return problems, note
