# SPDX-License-Identifier: BSD-2-Clause
"""
The ways a host gets the image. Each method is a function that prepares what it needs (files, servers) in the
host's working directory and returns QEMU arguments. The host's command line and modules are passed on where the
way of booting can carry them.
"""

import os
import pathlib
import shutil
import subprocess
import zlib

from .config import Failure, Skip
from .httpd import BootServer
from .netns import SERVER4

SLIRP_SERVER = "10.0.2.2"
MULTIBOOT_MAGIC = (0x1BADB002).to_bytes(4, "little")


def _need(tool, package):
    if not shutil.which(tool):
        raise Skip(f"{tool} (package {package}) is not installed")


def _image(host, suffix):
    path = host.config.image(suffix)
    if host.config.variant and not path.exists():
        raise Skip(f"{path} is not built (tests/build/configure.py does it)")
    if not path.exists():
        raise Failure(f"{path} is missing: build it first")
    return path


def _stage(host, path, name=None):
    """Puts a file where the boot servers of this host see it; gives its name there."""
    name = name or pathlib.Path(path).name
    target = host.workdir / "boot" / name
    target.parent.mkdir(exist_ok=True)
    if not target.exists():
        shutil.copyfile(path, target)
    return name


def _kernel(host, path):
    config = host.config
    arguments = ["-kernel", str(path)]
    if config.cmdline:
        arguments += ["-append", config.cmdline]
    if config.modules:
        # QEMU separates modules by commas; the first word of each is the file.
        files = [host.workdir / "boot" / _stage(host, path, name) for name, path in config.modules]
        arguments += ["-initrd", ",".join(str(path) for path in files)]
    return arguments


def kernel(host):
    """QEMU -kernel: multiboot 1, or Linux's Image on Arm."""
    return _kernel(host, _image(host, host.config.board_info.kernel))


def pvh(host):
    """QEMU -kernel by the PVH note. QEMU prefers multiboot where it finds its magic, so that is taken out."""
    data = bytearray(_image(host, "elf").read_bytes())
    at = data.find(MULTIBOOT_MAGIC, 0, 8192)
    if at < 0:
        raise Failure("no multiboot header in the first 8 KiB of the image")
    data[at:at + 4] = b"\0\0\0\0"
    path = host.workdir / "basalt-pvh.elf"
    path.write_bytes(data)
    return _kernel(host, path)


def bzimage(host):
    """QEMU -kernel by the Linux boot protocol."""
    return _kernel(host, _image(host, "efi"))


def _ipxe_script(host, base, suffix="elf"):
    name = _stage(host, _image(host, suffix))
    lines = ["#!ipxe", f"kernel {base}{name} {host.config.cmdline}".rstrip()]
    lines += [f"module {base}{_stage(host, path, module)}" for module, path in host.config.modules]
    lines.append("boot")
    script = host.workdir / "boot" / "boot.ipxe"
    script.write_text("\n".join(lines) + "\n")
    return script.name


def _network_boot(host, tftp, bootfile):
    """The NIC boots first; `bootfile` comes by DHCP, from slirp or from the namespace's dnsmasq."""
    directory = host.workdir / "boot"
    directory.mkdir(exist_ok=True)
    if host.netns:
        host.netns.start_dnsmasq(host.mac, tftp_root=directory if tftp else None, bootfile=bootfile)
    else:
        host.netdev_options += (f",tftp={directory}" if tftp else "") + f",bootfile={bootfile}"
    host.nic_options += ",bootindex=1"
    return []


def _serve(host):
    directory = host.workdir / "boot"
    directory.mkdir(exist_ok=True)
    server = BootServer(directory, host.netns, SERVER4 if host.netns else "127.0.0.1")
    host.at_stop(server.close)
    return f"http://{SERVER4 if host.netns else SLIRP_SERVER}:{server.port}/"


def ipxe_tftp(host):
    """SeaBIOS, iPXE of the NIC's option ROM, the image itself (or a script if there is more to say) by TFTP."""
    if host.config.cmdline or host.config.modules:
        server = SERVER4 if host.netns else SLIRP_SERVER
        name = _ipxe_script(host, f"tftp://{server}/")
    else:
        name = _stage(host, _image(host, "elf"))
    return _network_boot(host, True, name)


def ipxe_http(host):
    """The same by HTTP."""
    base = _serve(host)
    if host.config.cmdline or host.config.modules:
        name = _ipxe_script(host, base)
    else:
        name = _stage(host, _image(host, "elf"))
    return _network_boot(host, False, base + name)


def ipxe_bzimage(host):
    """iPXE takes the EFI image for a Linux kernel, by HTTP."""
    return _network_boot(host, False, _first(_serve(host), host))


def _first(base, host):
    return base + _ipxe_script(host, base, "efi")


def _ovmf(host, pxe4):
    board = host.config.board_info
    code = next((path for path in board.uefi_code if os.path.exists(path)), None)
    variables = next((path for path in board.uefi_vars if os.path.exists(path)), None)
    if not code or not variables:
        raise Skip("UEFI for this board (package ovmf or qemu-efi-aarch64) is not installed")
    copy = host.workdir / "vars.fd"
    shutil.copyfile(variables, copy)
    if host.config.nic.startswith("virtio"):
        host.nic_options += ",romfile="  # the firmware has its own driver; others need their ROM's
    # Without waiting for address families nobody serves.
    return [
        "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
        "-drive", f"if=pflash,unit=1,format=raw,file={copy}",
        "-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0",
        "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n",
        "-fw_cfg", f"name=opt/org.tianocore/IPv4PXESupport,string={'y' if pxe4 else 'n'}",
    ]


def _companion(host, folder, image):
    """What no loader hands over: options and modules in a file beside the image."""
    lines = ["# What this host is told.", host.config.cmdline]
    for name, path in host.config.modules:
        if not (folder / name).exists():
            shutil.copyfile(path, folder / name)
        lines.append(f"module {name}")
    if len(lines) > 2 or host.config.cmdline:
        (folder / f"{image}.cfg").write_text("\r\n".join(lines) + "\n")


def _staged_efi(host):
    name = _stage(host, _image(host, "efi"))
    _companion(host, host.workdir / "boot", name)
    return name


def ovmf_pxe(host):
    """UEFI: the EFI image by PXE and TFTP."""
    arguments = _ovmf(host, True)
    return arguments + _network_boot(host, True, _staged_efi(host))


def ovmf_http(host):
    """UEFI HTTP boot."""
    arguments = _ovmf(host, False)
    url = _serve(host) + _staged_efi(host)
    if host.netns:
        host.netns.start_dnsmasq(host.mac, http_url=url)
        host.nic_options += ",bootindex=1"
        return arguments
    return arguments + _network_boot(host, False, url)


def _efi_disk(host, loader):
    disk = host.workdir / "esp"
    target = disk / "EFI" / "BOOT"
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(loader, target / host.config.board_info.uefi_name)
    return ["-drive", f"if=none,id=esp,format=raw,file=fat:rw:{disk}", "-device", "virtio-blk-pci,drive=esp,bootindex=0"]


def ovmf_disk(host):
    """UEFI: the EFI image as the removable-media loader of a FAT disk."""
    arguments = _efi_disk(host, _image(host, "efi"))
    _companion(host, host.workdir / "esp" / "EFI" / "BOOT", host.config.board_info.uefi_name)
    return _ovmf(host, False) + arguments


def _grub_config(host, commands):
    lines = ["serial --unit=0 --speed=115200", "terminal_output serial", "set timeout=0", *commands, "boot"]
    return "\n".join(lines) + "\n"


def _grub_iso(host, commands):
    _need("grub-mkrescue", "grub-common")
    _need("xorriso", "xorriso")
    tree = host.workdir / "iso"
    (tree / "boot" / "grub").mkdir(parents=True, exist_ok=True)
    (tree / "boot" / "grub" / "grub.cfg").write_text(_grub_config(host, commands))
    for name in os.listdir(host.workdir / "boot"):
        shutil.copyfile(host.workdir / "boot" / name, tree / name)
    iso = host.workdir / "grub.iso"
    modules = "normal multiboot iso9660 serial terminal linux chain acpi search"
    done = subprocess.run(["grub-mkrescue", "-o", str(iso), "--directory=/usr/lib/grub/i386-pc",
                           f"--install-modules={modules}", "--fonts=", "--locales=", "--themes=", str(tree)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"grub-mkrescue failed: {done.stderr.strip()[-300:]}")
    host.nic_options += ",romfile="
    return ["-drive", f"if=none,id=cd,media=cdrom,readonly=on,file={iso}", "-device", "ide-cd,drive=cd,bootindex=0"]


def _grub_modules(host, command):
    # GRUB hands over what follows the file's name only.
    return [f"{command} /{_stage(host, path, name)} {name}" for name, path in host.config.modules]


def grub(host):
    """SeaBIOS and GRUB from a CD image: multiboot."""
    name = _stage(host, _image(host, "elf"))
    return _grub_iso(host, [f"multiboot /{name} {host.config.cmdline}".rstrip(), *_grub_modules(host, "module")])


def grub_linux(host):
    """SeaBIOS and GRUB from a CD image: the EFI image as a Linux kernel."""
    name = _stage(host, _image(host, "efi"))
    return _grub_iso(host, [f"linux /{name} {host.config.cmdline}".rstrip()])


def _grub_efi(host, commands):
    _need("grub-mkstandalone", "grub-common")
    if not os.path.isdir("/usr/lib/grub/x86_64-efi"):
        raise Skip("GRUB for UEFI (package grub-efi-amd64-bin) is not installed")
    config = host.workdir / "grub.cfg"
    config.write_text(_grub_config(host, commands))
    loader = host.workdir / "grubx64.efi"
    modules = "normal serial terminal linux chain multiboot memdisk tar part_msdos fat search search_fs_file"
    done = subprocess.run(["grub-mkstandalone", "-O", "x86_64-efi", "-o", str(loader),
                           f"--install-modules={modules}",
                           f"--modules={modules}",
                           "--fonts=", "--locales=", "--themes=", f"/boot/grub/grub.cfg={config}"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"grub-mkstandalone failed: {done.stderr.strip()[-300:]}")
    arguments = _efi_disk(host, loader)
    for name in os.listdir(host.workdir / "boot"):
        shutil.copyfile(host.workdir / "boot" / name, host.workdir / "esp" / name)
    return _ovmf(host, False) + arguments


def grub_efi_linux(host):
    """OVMF and GRUB: the EFI image as a Linux kernel, by its EFI stub."""
    name = _stage(host, _image(host, "efi"))
    return _grub_efi(host, [f"search --set=root --file /{name}", f"linux /{name} {host.config.cmdline}".rstrip()])


def grub_efi_chain(host):
    """OVMF and GRUB: the EFI image chainloaded, with load options."""
    name = _stage(host, _image(host, "efi"))
    return _grub_efi(host, [f"search --set=root --file /{name}", f"chainloader /{name} {host.config.cmdline}".rstrip()])


UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"


def _uboot(host, bootfile):
    if not os.path.exists(UBOOT):
        raise Skip("U-Boot (package u-boot-qemu) is not installed")
    host.nic_options += ",romfile="
    return ["-bios", UBOOT] + _network_boot(host, True, bootfile)


def uboot_bootefi(host):
    """U-Boot on its own: what DHCP names comes by TFTP and is started as an EFI program."""
    return _uboot(host, _stage(host, _image(host, "efi")))


def _uboot_script(text):
    """A script as U-Boot takes it: its legacy image format (U-Boot include/image.h), type 6, any architecture."""
    body = len(text).to_bytes(4, "big") + bytes(4) + text.encode()
    def header(checksum):
        return (0x27051956.to_bytes(4, "big") + checksum.to_bytes(4, "big") + bytes(4) + len(body).to_bytes(4, "big") +
                bytes(8) + zlib.crc32(body).to_bytes(4, "big") + bytes([5, 22, 6, 0]) + b"boot".ljust(32, b"\0"))
    return header(zlib.crc32(header(0))) + body


def uboot_booti(host):
    """U-Boot with a script, which it looks for by itself: TFTP and booti, the protocol of Linux's images."""
    name = _stage(host, _image(host, "efi"))
    (host.workdir / "boot" / "boot.scr.uimg").write_bytes(_uboot_script(
        f"setenv bootargs {host.config.cmdline}\n"
        f"tftpboot ${{kernel_addr_r}} {name} && booti ${{kernel_addr_r}} - ${{fdtcontroladdr}}\n"))
    return _uboot(host, "nothing")


def other(_host):
    """The test brings its own way, as further QEMU arguments."""
    return []


METHODS = {
    "kernel": kernel,
    "pvh": pvh,
    "bzimage": bzimage,
    "ipxe-tftp": ipxe_tftp,
    "ipxe-http": ipxe_http,
    "ipxe-bzimage": ipxe_bzimage,
    "ovmf-pxe": ovmf_pxe,
    "ovmf-http": ovmf_http,
    "ovmf-disk": ovmf_disk,
    "grub": grub,
    "grub-linux": grub_linux,
    "grub-efi-linux": grub_efi_linux,
    "grub-efi-chain": grub_efi_chain,
    "uboot-bootefi": uboot_bootefi,
    "uboot-booti": uboot_booti,
    "other": other,
}
