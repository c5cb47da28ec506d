"""TensorFlow, in a process of its own: it does not share one with OpenGL (LLVM inside both), and the show needs none.

`run` starts a child that imports TensorFlow, does one job and ends. Everything that a child receives and answers is
plain data and files; what it prints besides goes nowhere unless it fails.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ...core.errors import ModelError
from ...core.places import import_root

INTERPRETER = "PHOSPHENE_TENSORFLOW"
MISSING_HINT = (
    "install it: pip install 'phosphene[teach]' (tensorflow-cpu will do), or set "
    f"{INTERPRETER} to the python of another environment that has it"
)
TIMEOUT_S = 900.0
SAID = 2000  # how much of the child's last words is kept for an error

Progress = Callable[[Mapping[str, Any]], None]


def interpreter() -> str:
    """The python that has TensorFlow: the one that `PHOSPHENE_TENSORFLOW` names, else this one; empty for none.

    Nothing is imported.
    """
    named = os.environ.get(INTERPRETER)
    if named:
        return named if Path(named).is_file() else ""
    return sys.executable if importlib.util.find_spec("tensorflow") is not None else ""


def run(job: str, progress: Progress | None = None, **words: Any) -> dict[str, Any]:
    """Does `job` (a function of engine/models/tensorflow/worker.py) with `words`, which must be plain data; returns its
    answer.

    `progress` is called with what the job says while it runs. Raises ModelError where there is no TensorFlow, or in the
    job's own words.
    """
    python = interpreter()
    if not python:
        raise ModelError("this needs TensorFlow, which is not installed", hint=MISSING_HINT)
    with tempfile.TemporaryDirectory(prefix="phosphene-tf-") as folder:
        answer = Path(folder) / "answer.json"
        task = Path(folder) / "job.json"
        task.write_text(json.dumps({"job": job, "words": words, "answer": str(answer)}), encoding="utf-8")
        # The child sees the engine and nothing of the working folder, where a `keras.py` might lie.
        env = {**os.environ, "PYTHONPATH": import_root(), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
        env |= {"KERAS_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": "0", "PYTHONIOENCODING": "utf-8"}
        said = Path(folder) / "said.txt"
        with said.open("wb") as errors:
            child = subprocess.Popen(
                [python, "-P", "-m", "phosphene.engine.models.tensorflow.worker", str(task)],
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
            try:
                _listen(child, progress)
                child.wait(TIMEOUT_S)
            finally:
                if child.poll() is None:
                    child.kill()
                    child.wait()
                if child.stdout is not None:
                    child.stdout.close()
        try:
            found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            last = said.read_text(encoding="utf-8", errors="replace")[-SAID:].strip().splitlines()
            raise ModelError(
                f"TensorFlow's process ended with code {child.returncode}: {last[-1] if last else 'no output'}",
                hint=MISSING_HINT if "No module named" in "".join(last) else "",
            ) from None
    if "error" in found:
        raise ModelError(str(found["error"]))
    return found


def _listen(child: subprocess.Popen[str], progress: Progress | None) -> None:
    """Hands on the lines that a job prints for its progress; other lines are those of libraries."""
    assert child.stdout is not None
    for line in child.stdout:
        if progress is None or not line.startswith("{"):
            continue
        try:
            told = json.loads(line)
        except ValueError:
            continue
        progress(told)
