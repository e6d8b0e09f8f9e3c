#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The configuration targets, in a copy of the tree; and two folders with different configurations, built at once.

    configure.py BOARD O

Leaves O-release built: without debug checks, and without AUTH_NONE. A system test boots it.
"""
import filecmp
import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

board, out = sys.argv[1:]
release = f"{out}-release"
CHANGES = dict.fromkeys(("CONFIG_DEBUG", "CONFIG_DEBUG_LOCKS", "CONFIG_DEBUG_MM", "CONFIG_AUTH_NONE"), "n")
failures = passes = 0


def expect(what, holds):
    global failures, passes
    passes += bool(holds)
    failures += not holds
    print(f"{'ok   ' if holds else 'FAIL '} {what}", flush=True)


def make(*arguments, cwd="."):
    return subprocess.run(["make", f"BOARD={board}", *arguments], cwd=cwd, capture_output=True, text=True)


def configure(path, changes):
    """Sets options in a .config; what depends on them is olddefconfig's."""
    lines = [line for line in path.read_text().splitlines()
             if not any(name + "=" in line or name + " " in line for name in changes)]
    lines += [f"# {name} is not set" if value == "n" else f"{name}={value}" for name, value in changes.items()]
    path.write_text("\n".join(lines) + "\n")


def copy_tree(target):
    names = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(os.path.exists, names):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if os.path.isfile(name):
            shutil.copy2(name, target / name)


def menuconfig(cwd, *keys):
    """Types keys at menuconfig; its exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.environ["TERM"] = "xterm"
        os.execvp("make", ["make", f"BOARD={board}", "O=o", "menuconfig"])
    for key in (None, *keys):
        if key:
            os.write(terminal, key)
        # Until the screen is drawn: it says something, and then nothing for a while.
        wait = 60
        while select.select([terminal], [], [], wait)[0]:
            try:
                if not os.read(terminal, 65536):
                    break
            except OSError:  # how a pseudo-terminal tells that the program is gone
                break
            wait = 0.5
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return status


def targets():
    with tempfile.TemporaryDirectory() as name:
        tree = pathlib.Path(name)
        copy_tree(tree)
        (tree / "build").mkdir(exist_ok=True)
        shutil.copy2("build/.deps", tree / "build/.deps")
        config, defconfig = tree / "o/.config", pathlib.Path("configs") / f"{board}_defconfig"
        expect("defconfig", make("O=o", f"{board}_defconfig", cwd=tree).returncode == 0 and config.exists())
        make("O=o", "savedefconfig", cwd=tree)
        expect("savedefconfig gives the defconfig back", filecmp.cmp(tree / defconfig, defconfig, shallow=False))
        before = config.read_text()
        text = config.read_text().replace("CONFIG_LOG_LEVEL=2\n", "") + "CONFIG_NOBODY_KNOWS=y\n"
        config.write_text(text)
        expect("olddefconfig completes and clears up",
               make("O=o", "olddefconfig", cwd=tree).returncode == 0 and config.read_text() == before)
        expect("menuconfig, nothing changed", menuconfig(tree, b"q") == 0 and config.read_text() == before)
        status = menuconfig(tree, b"/", b"DEBUG_LOCKS", b"\r", b" ", b"q", b"y")
        expect("menuconfig, one option changed",
               status == 0 and "# CONFIG_DEBUG_LOCKS is not set" in config.read_text())
        board_changed(tree, config, tree / defconfig)


def board_changed(tree, config, defconfig):
    """A configuration follows its board's, unless somebody has edited it."""
    for level, follows in ((0, False), (1, True)):
        text = defconfig.read_text()
        defconfig.write_text(text + f"CONFIG_LOG_LEVEL={level}\n")
        os.utime(defconfig, (time.time() + 2 + level,) * 2)
        make("O=o", "olddefconfig", cwd=tree)
        expect(f"the board's has changed, and this one {'follows' if follows else 'was edited'}",
               (f"CONFIG_LOG_LEVEL={level}\n" in config.read_text()) == follows)
        make("O=o", f"{board}_defconfig", cwd=tree)


def side_by_side():
    shutil.rmtree(release, ignore_errors=True)
    make(f"O={release}", f"{board}_defconfig")
    configure(pathlib.Path(release) / ".config", CHANGES)
    make(f"O={release}", "olddefconfig")
    make(f"-j{os.cpu_count()}", f"O={out}", "all")
    before = {name: pathlib.Path(out, name).read_bytes() for name in ("basalt.elf", "basalt.efi")}
    os.utime("core/include/core/log.h")
    began = time.monotonic()
    running = [subprocess.Popen(["make", f"-j{os.cpu_count()}", f"BOARD={board}", f"O={folder}", "all"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
               for folder in (out, release)]
    for process in running:
        output = process.communicate()[0]
        if process.returncode:
            print(output)
    expect(f"two folders built at once ({time.monotonic() - began:.0f} s)",
           all(process.returncode == 0 for process in running))
    expect("the first is what it was", all(pathlib.Path(out, name).read_bytes() == before[name] for name in before))
    symbols = subprocess.run(["nm", f"{release}/basalt.debug"], capture_output=True, text=True).stdout
    expect("the second has nothing of what it leaves out", " panic" in symbols and "rank_check" not in symbols
           and "option_crash" not in symbols)
    print(f"      without debug checks: {os.path.getsize(release + '/basalt.elf')} bytes")
    notice = pathlib.Path(out, "NOTICE").read_text()
    expect("the notice names what is linked, with its licence",
           all(name in notice for name in ("BSD 2-Clause", "newlib 4", "lwip 2", "yyjson 0", "mbedtls 3")))


targets()
side_by_side()
print(f"{passes} passed, {failures} failed")
sys.exit(failures != 0)
