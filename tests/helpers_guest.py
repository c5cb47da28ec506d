"""A throw-away virtual machine with a real kernel and its camera drivers, made from Debian's packages.

Its root is this machine's own file system, read-only with what is written kept in memory, so that the same Python and
the same programs run in it. Nothing of this machine is changed, and no kernel module of it is needed.
"""

from __future__ import annotations

import fcntl
import json
import lzma
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("qemu-system-x86_64", "gcc", "make", "apt-get", "apt-cache", "dpkg")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "phosphene" / "guest"
LOAD_LOOPBACK = "modprobe v4l2loopback devices=1 video_nr=10 card_label=VirtualCam exclusive_caps=1 max_buffers=2"
LOAD_CAMERAS = "modprobe vivid n_devs=2 node_types=0x1,0x1 num_inputs=1,1 input_types=0x00,0x00"
BOOT_S = 120.0
TRIES = 3  # on a machine loaded several times over about one start in fifty hangs
# Where the modules lie that the guest may load: its disk, the cameras, and what these need.
MODULES = (
    "drivers/virtio", "drivers/char/hw_random", "drivers/video/fbdev/core", "drivers/media/cec", "drivers/media/common",
    "drivers/media/mc", "drivers/media/rc", "drivers/media/test-drivers", "drivers/media/v4l2-core", "fs/9p",
    "fs/fscache", "fs/netfs", "fs/overlayfs", "net/9p", "sound/core", "sound/soundcore",
)  # fmt: skip
SHARE = "trans=virtio,version=9p2000.L,msize=512000"
INIT = f"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts pts /dev/pts; mount -t tmpfs shm /dev/shm
for module in virtio_pci 9pnet_virtio 9p overlay virtio-rng; do modprobe $module; done
mount -t 9p -o {SHARE},cache=loose,ro host /host || poweroff -f
mount -t tmpfs -o size=60% memory /memory; mkdir /memory/changed /memory/work
mount -t overlay -o lowerdir=/host,upperdir=/memory/changed,workdir=/memory/work root /root
for folder in dev proc sys; do mount --move /$folder /root/$folder; done
mount -t tmpfs run /root/run; mkdir -p /root/run/modules /root/run/shared /root/usr/lib/modules
cp /bin/busybox /root/run/busybox; cp -r /lib/modules/* /root/usr/lib/modules/
mount -t 9p -o {SHARE},cache=none shared /root/run/shared
ifconfig lo 127.0.0.1 up
echo GUEST_UP
chroot /root /bin/sh /run/shared/guest.sh >/root/run/shared/output 2>&1
echo $? >/root/run/shared/code; sync; poweroff -f
"""


def missing() -> list[str]:
    """The programs that making and starting a guest needs and that are not here."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


@dataclass(frozen=True, slots=True)
class Guest:
    """A made guest: its kernel and its first file system."""

    kernel: Path
    initrd: Path

    def run(
        self,
        command: list[str],
        *,
        setup: str = "",
        timeout_s: float = 300.0,
        memory_mb: int = 2048,
        fails: bool = False,
    ) -> str:
        """Starts it, does `setup` (shell; `modprobe` and `rmmod` are there) and `command`, and gives what they wrote.

        Raises AssertionError with the output where the guest did not start or finish, or the command failed, unless
        it `fails` in a way that its output tells.
        """
        with tempfile.TemporaryDirectory(prefix="guest-") as name:
            folder = Path(name)
            self._write_script(folder, command, setup)
            for _ in range(TRIES):
                if self._boot(folder, timeout_s, memory_mb):
                    break
            said = _text(folder / "output")
            code = _text(folder / "code").strip()
            assert code, f"the guest did not finish:\n{said[-3000:]}\n{_text(folder / 'console')[-2000:]}"
            assert code == "0" or fails, f"exit code {code}:\n{said[-4000:]}"
            return said

    @staticmethod
    def _write_script(folder: Path, command: list[str], setup: str) -> None:
        kept = {
            key: os.environ[key] for key in ("PATH", "PHOSPHENE_MODELS", "PHOSPHENE_TEST_DATA") if key in os.environ
        }
        kept |= {"HOME": "/root", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        kept["PYTHONPATH"] = str(_root())
        lines = [
            *(f"export {key}={shlex.quote(value)}" for key, value in kept.items()),
            "for name in modprobe rmmod; do ln -sf busybox /run/$name; done",
            f"export PATH=/run:$PATH; cd {shlex.quote(str(_root()))}",
            setup,
            shlex.join(command),
        ]
        (folder / "guest.sh").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _boot(self, folder: Path, timeout_s: float, memory_mb: int) -> bool:
        """Whether it came up (and has ended since)."""
        console = folder / "console"
        console.unlink(missing_ok=True)
        # Nehalem has the vector instructions that NumPy and OpenCV want, and no more to emulate
        machine = ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem", "-smp", "2", "-m", str(memory_mb)]
        plain = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", f"file:{console}"]
        words = "console=ttyS0 quiet panic=-1 random.trust_cpu=on mitigations=off"
        boot = ["-kernel", str(self.kernel), "-initrd", str(self.initrd), "-append", words, "-device", "virtio-rng-pci"]
        disks = []
        for tag, path, more in (("host", "/", ",readonly=on,multidevs=remap"), ("shared", str(folder), "")):
            disks += ["-fsdev", f"local,id={tag},path={path},security_model=none{more}"]
            disks += ["-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
        command = ["qemu-system-x86_64", *machine, *plain, *boot, *disks]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            begin = time.monotonic()
            up = False
            while process.poll() is None:
                up = up or "GUEST_UP" in _text(console)
                if time.monotonic() - begin > (timeout_s if up else BOOT_S):
                    process.kill()
                time.sleep(0.2)
        return up or "GUEST_UP" in _text(console)


def made_or_skipped() -> Guest:
    """The guest; skips the test where what it takes cannot be had here."""
    if absent := missing():
        pytest.skip(f"not installed: {', '.join(absent)}")
    if not _depends("linux-image-amd64"):
        pytest.skip("apt knows no linux-image-amd64 (another system or processor, or apt-get update was never run)")
    return make()


def once(factory: pytest.TempPathFactory, name: str, ask: Callable[[], Any]) -> Any:
    """What `ask` gives (as JSON goes), asked once however many processes run the tests."""
    shared = factory.getbasetemp().parent if os.environ.get("PYTEST_XDIST_WORKER") else factory.getbasetemp()
    told = shared / f"{name}.json"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            told.write_text(json.dumps(ask()), encoding="utf-8")
        return json.loads(told.read_text(encoding="utf-8"))


def make() -> Guest:
    """The guest, made in half a minute where it is not there yet.

    v4l2loopback is Debian's, or of the sources in the folder that PHOSPHENE_V4L2LOOPBACK names. Raises AssertionError
    where the packages cannot be had or the module cannot be built.
    """
    named = os.environ.get("PHOSPHENE_V4L2LOOPBACK")
    sources = Path(named) if named else None
    CACHE.mkdir(parents=True, exist_ok=True)
    image = _kernel_package()
    version = re.sub(r"[^\w.-]", "-", f"{image}-{_loopback_version(sources)}")
    made = CACHE / version
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not (made / "initrd").exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as name:
                _make(Path(name), made, image, sources)
    return Guest(made / "vmlinuz", made / "initrd")


def _make(work: Path, made: Path, image: str, sources: Path | None) -> None:
    """Fetches and unpacks the packages, builds v4l2loopback, and packs what the guest needs to start."""
    release = image.removeprefix("linux-image-")
    headers = f"linux-headers-{release}"
    needed = [name for name in _depends(headers) if name.startswith(("linux-headers", "linux-kbuild"))]
    loopback = [] if sources else ["v4l2loopback-dkms"]
    _call(["apt-get", "download", "--quiet", image, headers, "busybox-static", *needed, *loopback], work)
    files = work / "files"
    for package in work.glob("*.deb"):
        _call(["dpkg", "--extract", str(package), str(files)], work)
    built = _build(files, headers, sources)
    root = work / "root"
    for folder in ("bin", "dev", "proc", "sys", "host", "memory", "root"):
        (root / folder).mkdir(parents=True)
    busybox = str(shutil.copy(next(files.rglob("bin/busybox")), root / "bin" / "busybox"))
    _call([busybox, "--install", "-s", str(root / "bin")], work)
    for link in (root / "bin").iterdir():
        if link.is_symlink():
            link.unlink()
            link.symlink_to("busybox")
    modules = root / "lib" / "modules" / release
    kernel = next(files.glob(f"**/lib/modules/{release}/kernel"))
    for place in MODULES:
        for module in kernel.joinpath(place).parent.glob(f"{kernel.joinpath(place).name}*/**/*.ko*"):
            target = modules / module.relative_to(kernel.parent).with_suffix("" if module.suffix == ".xz" else ".ko")
            target.parent.mkdir(parents=True, exist_ok=True)
            data = module.read_bytes()
            target.write_bytes(lzma.decompress(data) if module.suffix == ".xz" else data)
    shutil.copy(built, modules)
    for name in ("modules.builtin", "modules.order"):
        shutil.copy(kernel.parent / name, modules)
    _call([busybox, "depmod", "-b", str(root), release], work)
    (root / "init").write_text(INIT, encoding="utf-8")
    (root / "init").chmod(0o755)
    made.mkdir(exist_ok=True)
    shutil.copy(files / "boot" / f"vmlinuz-{release}", made / "vmlinuz")
    pack = f"cd {shlex.quote(str(root))} && find . | {shlex.quote(busybox)} cpio -o -H newc 2>/dev/null | gzip -1"
    with (work / "initrd").open("wb") as packed:
        subprocess.run(["/bin/sh", "-c", pack], stdout=packed, check=True)
    (work / "initrd").rename(made / "initrd")  # last: it says that all is there


def _build(files: Path, headers: str, sources: Path | None) -> Path:
    """v4l2loopback.ko, the one module that Debian ships as a source only."""
    source = files / "v4l2loopback"
    shutil.copytree(sources or next((files / "usr" / "src").glob("v4l2loopback-*")), source)
    kernel = files / "usr" / "src" / headers
    makefile = kernel / "Makefile"
    makefile.write_text(makefile.read_text().replace("/usr/src/", f"{files}/usr/src/"))
    _call(["make", "-s", "-C", str(kernel), f"M={source}", "modules"], files)
    return source / "v4l2loopback.ko"


def _kernel_package() -> str:
    found = [name for name in _depends("linux-image-amd64") if name.startswith("linux-image-")]
    assert found, "apt knows no package linux-image-amd64 (apt-get update?)"
    return found[0]


def _depends(package: str) -> list[str]:
    done = subprocess.run(["apt-cache", "depends", package], capture_output=True, text=True, check=False)
    return re.findall(r"^\s*Depends: (\S+)", done.stdout, re.MULTILINE)


def _loopback_version(sources: Path | None) -> str:
    if sources is not None:
        return f"{sources.resolve()}-{int(sources.stat().st_mtime)}"
    done = subprocess.run(["apt-cache", "show", "v4l2loopback-dkms"], capture_output=True, text=True, check=False)
    found = re.search(r"^Version: (\S+)", done.stdout, re.MULTILINE)
    return f"v4l2loopback-{found[1]}" if found else "v4l2loopback"


def _call(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(command)}:\n{(done.stdout + done.stderr)[-3000:]}"


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _root() -> Path:
    return Path(__file__).resolve().parents[1]
