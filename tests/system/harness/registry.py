# SPDX-License-Identifier: BSD-2-Clause
"""The list of system tests: every function with @test in cases/*.py, once per combination of its parameters."""

import dataclasses
import importlib
import itertools
import pkgutil

from .config import BOARDS, DEFAULT_BOARD, HostConfig


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    function: object
    config: HostConfig
    host: str  # "shared": one that others used before; "own": fresh, unready; "none": the test starts what it needs
    timeout: float  # seconds without any progress
    arguments: tuple  # (name, value) for the function
    vms: bool = False  # it runs some


_cases = []


def test(host="shared", timeout=60, arguments=None, vms=False, **parameters):
    """
    Registers a system test. `parameters` are HostConfig's fields; a list stands for several values, each
    combination is a case of its own. `arguments` (a dict, lists likewise) go to the function itself. `vms`: it is
    skipped where the image cannot run any.
    """
    if host not in ("shared", "own", "none"):
        raise ValueError(f"host={host!r}")

    def register(function):
        module = function.__module__.rpartition(".")[2]
        named = [(name, value, True) for name, value in parameters.items()]
        named += [(name, value, False) for name, value in (arguments or {}).items()]
        choices = [value if isinstance(value, list) else [value] for _, value, _ in named]
        for combination in itertools.product(*choices):
            config, extra, label = {}, [], []
            for (name, value, is_config), chosen in zip(named, combination):
                if is_config:
                    config[name] = chosen
                else:
                    extra.append((name, chosen))
                if isinstance(value, list) and chosen != DEFAULT_BOARD:
                    label.append(str(chosen).strip(",").replace(" ", "_"))
            suffix = f"[{','.join(label)}]" if label else ""
            _cases.append(Case(f"{module}.{function.__name__}{suffix}", function, HostConfig(**config), host,
                               timeout, tuple(extra), vms))
        return function

    return register


def _of_board(board, parameters):
    """The parameters as far as the board can have them; None: it cannot at all."""
    able = {"boot": lambda method: board.uefi_code or not method.startswith("ovmf"),
            "cpus": lambda count: count <= board.cpus_max}
    parameters = dict(parameters)
    if not board.has_pci:
        asked = parameters.get("nic")
        parameters["nic"] = list(board.nics) if isinstance(asked, list) else board.nics[0]
    for name, is_able in able.items():
        value = parameters.get(name)
        if isinstance(value, list):
            parameters[name] = [choice for choice in value if is_able(choice)]
            if not parameters[name]:
                return None
        elif value is not None and not is_able(value):
            return None
    return parameters


def everywhere(needs_pci=False, **parameters):
    """The same for every board that can do it: what is tested is not about one architecture."""
    def register(function):
        for name, board in BOARDS.items():
            adapted = _of_board(board, parameters) if board.has_pci or not needs_pci else None
            if adapted is not None:
                test(board=[name], **adapted)(function)
        return function

    return register


def each_architecture(**parameters):
    """The same on one board of each architecture: what boards of one differ in makes no difference to it."""
    return test(board=[DEFAULT_BOARD, "qemu-virt-arm64"], **parameters)


def with_vms(boards=None, **parameters):
    """The same for every board that shows what is about VMs, or for those named."""
    return test(board=boards or [name for name, board in BOARDS.items() if board.vms], vms=True, **parameters)


def load():
    """All cases, in the order of the files."""
    import cases
    for module in sorted(pkgutil.iter_modules(cases.__path__), key=lambda info: info.name):
        importlib.import_module(f"cases.{module.name}")
    names = [case.name for case in _cases]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"test names used twice: {sorted(twice)}")
    return list(_cases)
