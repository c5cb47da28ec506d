"""Runs commands of the program in forked children: without root's rights, in other folders and standard streams.

Forking costs a tenth of starting Python anew. Each line of standard input is a job in JSON, each line of standard
output its answer: {"code": exit code or minus a signal's number, "out": text, "err": text}.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
GUARD_S = 120  # what takes longer hangs
TOLD = 20_000
CAPABILITY_VERSION = 0x20080522  # linux/capability.h
SET_SECUREBITS, NO_ROOT = 28, 3  # linux/prctl.h, linux/securebits.h
# What most commands import, once for all of them: it is most of the time that they take.
WARM = """
phosphene.engine.show.session phosphene.engine.show.loop phosphene.engine.show.frame_hooks
phosphene.engine.show.governor phosphene.engine.show.reload phosphene.engine.sources.media
phosphene.engine.scene.toml_read phosphene.engine.renderer.stage phosphene.engine.scene.custom_models
phosphene.engine.show.takes.take phosphene.engine.show.takes.recorder phosphene.engine.sources.images
phosphene.engine.sources.video phosphene.engine.sources.testcard phosphene.engine.audio.file_sound
phosphene.engine.sinks.video phosphene.engine.sinks.exr phosphene.engine.sinks.null phosphene.engine.check.watch
phosphene.engine.check.verdict phosphene.engine.scene.registry phosphene.engine.models.litert
phosphene.engine.commands.measure.look phosphene.engine.commands.measure.batch
phosphene.engine.commands.score.quality_levels phosphene.engine.commands.bench.measure rich.progress moderngl glcontext
"""


class Forked:
    """Jobs for the children of one process, with no more rights than any user has: root is one who owns files."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        words: Sequence[str],
        *,
        cwd: str = "/",
        closed: Sequence[int] = (),
        env: Mapping[str, str | None] | None = None,
        **to: str,
    ) -> dict[str, Any]:
        """What came of `phosphene WORDS` in the folder `cwd` (`gone`: one that is deleted). `closed` are descriptors;
        `out` and `err` name files that standard output and error go to; `env` sets variables, or unsets them by None.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"words": list(words), "cwd": cwd, "closed": list(closed), "env": dict(env or {}), **to}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


# -- the process -------------------------------------------------------------------------------------------------------


def give_up_rights() -> None:
    """Gives up every capability (capabilities(7)), such as that of reading what its owner may not read, for this
    process and whatever it starts."""
    if os.getuid() == 0:
        system = ctypes.CDLL(None, use_errno=True)
        header, none = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
        if system.prctl(SET_SECUREBITS, NO_ROOT, 0, 0, 0) or system.capset(header, none):
            raise OSError(ctypes.get_errno(), "the rights of root cannot be given up")


def serve() -> None:
    """Answers every job."""
    import importlib

    from phosphene.engine.commands.cli import build_parser

    give_up_rights()
    build_parser()
    for name in WARM.split():
        importlib.import_module(name)
    for line in sys.stdin:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                run_job(json.loads(line), out, err)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(json.dumps({"code": status, "out": text_of(out), "err": text_of(err)}), flush=True)


def text_of(file: IO[bytes]) -> str:
    """What was written, its begin and its end."""
    file.seek(0)
    text = file.read().decode("utf-8", "replace")
    return text if len(text) < TOLD else text[: TOLD // 2] + text[-TOLD // 2 :]


def run_job(job: dict[str, Any], out: IO[bytes], err: IO[bytes]) -> None:
    """In the child: becomes the user, runs the command, and is gone."""
    code = 99
    try:
        signal.alarm(GUARD_S)
        for number, file in ((1, out), (2, err)):
            named = job.get("out" if number == 1 else "err")
            opened = os.open(named, os.O_WRONLY) if named else file.fileno()
            os.dup2(opened, number)
        if job["cwd"] == "gone":
            folder = tempfile.mkdtemp()
            os.chdir(folder)
            Path(folder).rmdir()
        else:
            os.chdir(job["cwd"])
        for name, value in job["env"].items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
        for number in job["closed"]:
            os.close(number)
            setattr(sys, {0: "stdin", 1: "stdout", 2: "stderr"}[number], None)
        code = main_code(job["words"])
    except BaseException:  # noqa: BLE001 (what is looked for)
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(code)


def main_code(words: list[str]) -> int:
    """The exit code of a command."""
    from phosphene.engine.commands.cli import main

    return main(words)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    serve()
