# SPDX-License-Identifier: BSD-2-Clause
"""Reads the Prometheus text format 0.0.4, strictly."""

import math
import re

from .config import Failure

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*$")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}


class Metrics:
    """samples: {(name, ((label, value), ...)): number}; families: {name: type}."""

    def __init__(self, text):
        self.samples, self.families, self.help = {}, {}, {}
        closed, current = set(), None
        if not text.endswith("\n"):
            raise Failure("the text does not end with a line feed")
        for line in text[:-1].split("\n"):
            if line.startswith("# "):
                current = self._comment(line, current, closed)
            elif line:
                current = self._sample(line, current, closed)
        self._check_histograms()

    def _comment(self, line, current, closed):
        word, name, rest = (line[2:].split(" ", 2) + ["", ""])[:3]
        if word not in ("HELP", "TYPE"):
            return current
        if not NAME.match(name):
            raise Failure(f"bad name: {line}")
        if name != current:
            self._switch(name, current, closed)
        if word == "TYPE":
            if rest not in TYPES or name in self.families:
                raise Failure(f"bad or second TYPE: {line}")
            self.families[name] = rest
        else:
            if name in self.help:
                raise Failure(f"second HELP: {line}")
            self.help[name] = rest
        return name

    @staticmethod
    def _switch(name, current, closed):
        if name in closed:
            raise Failure(f"the lines of {name} are not together")
        if current:
            closed.add(current)

    def family_of(self, name):
        for suffix in ("_bucket", "_sum", "_count"):
            base = name.removesuffix(suffix)
            if base != name and self.families.get(base) in ("histogram", "summary"):
                return base
        return name

    def _sample(self, line, current, closed):
        match = SAMPLE.match(line)
        if not match:
            raise Failure(f"not a sample: {line}")
        name, labels, number = match.groups()
        family = self.family_of(name)
        if family != current:
            self._switch(family, current, closed)
        if family not in self.families:
            raise Failure(f"{name} has no TYPE")
        pairs, rest = [], labels or ""
        while rest:
            label = LABEL.match(rest)
            if not label:
                raise Failure(f"bad labels: {line}")
            pairs.append(label.groups())
            rest = rest[label.end():]
        if len({pair[0] for pair in pairs}) != len(pairs):
            raise Failure(f"a label twice: {line}")
        key = (name, tuple(sorted(pairs)))
        if key in self.samples:
            raise Failure(f"the same sample twice: {line}")
        try:
            value = float(number)
        except ValueError:
            raise Failure(f"not a number: {line}") from None
        if self.families[family] == "counter" and (value < 0 or math.isnan(value)):
            raise Failure(f"a counter that is negative: {line}")
        self.samples[key] = value
        return family

    def _check_histograms(self):
        for family, kind in self.families.items():
            if kind != "histogram":
                continue
            series = {}
            for (name, labels), value in self.samples.items():
                if name == f"{family}_bucket":
                    rest = tuple(pair for pair in labels if pair[0] != "le")
                    bound = float(dict(labels).get("le", "nan"))
                    series.setdefault(rest, []).append((bound, value))
            for labels, buckets in series.items():
                buckets.sort()
                counts = [count for _, count in buckets]
                if not math.isinf(buckets[-1][0]) or counts != sorted(counts):
                    raise Failure(f"{family}{dict(labels)}: buckets without +Inf or not cumulative")
                if self.samples.get((f"{family}_count", labels)) != counts[-1]:
                    raise Failure(f"{family}{dict(labels)}: _count is not the last bucket")
                if (f"{family}_sum", labels) not in self.samples:
                    raise Failure(f"{family}{dict(labels)}: no _sum")

    def value(self, name, **labels):
        """The one sample of that name and labels, or None."""
        return self.samples.get((name, tuple(sorted(labels.items()))))

    def total(self, name, **labels):
        """The sum over all samples of that name with at least these labels."""
        wanted = set(labels.items())
        return sum(value for (sample, pairs), value in self.samples.items() if sample == name and wanted <= set(pairs))
