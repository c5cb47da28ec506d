"""From a name or a path to a model node: TOML files, Teachable Machine's exports as they come, bare models."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.errors import ModelError, UsageError, unknown_name
from ...core.paths import checked, entries, is_file, is_folder, is_there, own_entries
from ...core.places import cache_dir
from ...models import store as models
from .labels import read_labels
from .spec import InputSettings, Spec, kind_of, read_table

OWN = "model.toml"  # what a folder that says everything itself holds
EXPECTED = (
    "expected a Teachable Machine export (keras_model.h5, model.savedmodel, .tflite or model.json), "
    f"a .tflite, .h5 or .keras file, or a {OWN}"
)
# Where PoseNet may lie beside a pose model: as TensorFlow Lite, or as its maker gives it to browsers.
POSENET = ("posenet.tflite", "posenet/*.tflite", "posenet/model*.json")
MAX_FILES, MAX_UNPACKED = 200, 1 << 30
MAX_TOML = 200_000


def own_models() -> dict[str, Path]:
    """The user's own models by name: folders and files in the folders for models."""
    from ...core.places import user_folders

    found: dict[str, Path] = {}
    for folder in reversed(user_folders("models")):
        for path in own_entries(folder):
            if path.name.startswith((".", "_")):
                continue
            if is_folder(path):
                inside = own_entries(path)
                if path / OWN in inside or (inside and any(_candidates(path))):
                    found[path.name] = path
            elif path.suffix.lower() in (".toml", ".zip", ".h5", ".keras"):
                found[path.stem] = path
    return found


def shipped() -> dict[str, Path]:
    """The nodes that come with the engine, by name."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "shipped").glob("*.toml"))}


def summary(path: Path) -> str:
    """A line on the model at `path`, without opening it."""
    file = path / OWN if is_folder(path) else path
    try:
        return str(read_toml(file).get("doc", "")) if file.suffix == ".toml" and is_file(file) else path.name
    except UsageError as error:
        return f"BROKEN: {error.message}"


def names() -> list[str]:
    """Every model that a scene may name without saying where it lies."""
    return sorted({*shipped(), *own_models()})


def by_name(name: str) -> Spec:
    """The model called `name`: the user's own, else one that comes with the engine. Raises UsageError, ModelError."""
    own = own_models()
    if name in own:
        return at(name, own[name])
    if name in shipped():
        return _shipped(name, shipped()[name])
    error = unknown_name("model", name, names())
    error.hint += f"; or say where it lies: --model {name}=PATH, or [model.{name}] in the scene"
    error.hint += f"; or teach it: phosphene teach {name}"
    raise error


def spec_for(name: str, params: Mapping[str, Any]) -> Spec:
    """The model that a scene means by `name`: what stands as `spec` in its parameters, else the one of that name."""
    known = params.get("spec")
    return known if isinstance(known, Spec) else by_name(name)


def at(name: str, path: Path) -> Spec:
    """The model at `path`: a folder, a .toml, a model's file or a .zip as it was downloaded.

    Raises ModelError or UsageError, which say what is wrong with it.
    """
    if not is_there(path):
        raise ModelError(f"model '{path}' not found", hint=EXPECTED)
    if is_folder(path):
        entries(path)
    else:
        checked(path, "model", hint=EXPECTED)
        if path.suffix.lower() == ".zip":
            path = _unpacked(path)
        if is_file(path) and path.suffix.lower() == ".toml":
            return read_table(name, read_toml(path), path.parent, str(path))
    if is_folder(path) and is_file(path / OWN):
        return read_table(name, read_toml(path / OWN), path, str(path / OWN))
    file = path
    if is_folder(path) and not kind_of(path):
        candidates = list(_candidates(path))
        if not candidates:
            raise ModelError(f"no model found in '{path}'", hint=EXPECTED)
        file = candidates[0]
    kind = kind_of(file)
    if not kind:
        raise ModelError(f"'{file.name}' cannot be read as a model", where=str(file), hint=EXPECTED)
    return _exported(name, file, kind)


def read_toml(path: Path) -> dict[str, Any]:
    """The table in a node's file. Raises UsageError with the line."""
    try:
        if checked(path, "model's description").stat().st_size > MAX_TOML:
            raise UsageError(f"the model description is larger than {MAX_TOML} bytes", where=str(path))
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not valid TOML: {error}", where=str(path)) from None


def _candidates(folder: Path) -> Iterator[Path]:
    """The models in a folder, the likeliest first."""
    usual = ("model_unquant.tflite", "model.tflite", "keras_model.h5", "model.json", "model.savedmodel", "model.keras")
    yield from (folder / name for name in usual if kind_of(folder / name) and is_there(folder / name))
    for path in entries(folder):
        if path.name not in usual and path.suffix.lower() != ".json" and kind_of(path):
            yield path


def _exported(name: str, file: Path, kind: str) -> Spec:
    """A Teachable Machine export, or a bare model, from what lies beside it."""
    folder = file.parent
    metadata: dict[str, Any] = {}
    if kind == "tfjs" and is_file(folder / "metadata.json"):
        metadata = _metadata(folder / "metadata.json")
    labels = tuple(str(label).strip() for label in metadata.get("labels", metadata.get("wordLabels", ())))
    listed = next((p for p in (folder / "labels.txt", file / "labels.txt") if is_file(p)), None)
    if not labels and listed is not None:
        labels = read_labels(listed)
    if not labels and kind == "tflite":
        labels = _packed_labels(file)
    # As Teachable Machine's own examples do it: the middle square, and -1 … 1. Its web library divides by 127, the
    # Python examples by 127.5.
    white = 255 / 127 - 1 if kind == "tfjs" else 1.0
    settings = InputSettings()
    for key, value in {"fit": "crop", "filter": "lanczos", "low": -1.0, "high": white}.items():
        settings.set(key, value)
    if metadata.get("grayscale"):
        settings.set("channels", "grey")
    package = str(metadata.get("packageName", ""))
    if package.endswith("/pose") or "posenet" in str(metadata.get("modelSettings", "")):
        # The library `pose` pads to a square, resizes as TensorFlow.js does, and PoseNet takes -1 … 1.
        for key, value in {"of": "pose-heatmaps", "fit": "pad", "filter": "tensorflow", "high": 1.0}.items():
            settings.set(key, value)
    elif "wordLabels" in metadata or package.endswith("speech-commands") or file.stem.startswith("soundclassifier"):
        settings.set("of", "sound")
    features = next((p for name in POSENET for p in sorted(folder.glob(name)) if is_file(p)), None)
    return Spec(name, file.resolve(), kind, labels=labels, input=settings, features=features)


def _metadata(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"cannot be read: {error}", where=str(path)) from error
    if not isinstance(found, dict) or not all(isinstance(found.get(k, []), list) for k in ("labels", "wordLabels")):
        raise ModelError("is not a file of Teachable Machine", where=str(path))
    return found


def _packed_labels(file: Path) -> tuple[str, ...]:
    """The labels that a TFLite file carries behind its end (as TFLite's metadata has them)."""
    from .labels import decoded, parse_labels

    try:
        with zipfile.ZipFile(file) as archive:
            listed = [n for n in archive.namelist() if n.endswith(".txt") and archive.getinfo(n).file_size < 1 << 20]
            return parse_labels(decoded(archive.read(listed[0]))) if listed else ()
    except (zipfile.BadZipFile, OSError, ValueError):
        return ()


def _unpacked(path: Path) -> Path:
    """The folder of what a download holds, unpacked once into the cache."""
    try:
        with path.open("rb") as stream:
            mark = hashlib.file_digest(stream, "sha256").hexdigest()[:24]
        folder = cache_dir() / "unpacked" / mark
        if is_folder(folder):
            return folder
        with zipfile.ZipFile(path) as archive:
            held = [e for e in archive.infolist() if not e.is_dir()]
            if len(held) > MAX_FILES or sum(e.file_size for e in held) > MAX_UNPACKED:
                raise ModelError("is too large for a model", where=str(path), hint=EXPECTED)
            part = folder.with_name(folder.name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            for entry in held:
                target = (part / entry.filename).resolve()
                if not target.is_relative_to(part.resolve()):
                    raise ModelError(
                        f"contains a file with a path outside the archive: {entry.filename}", where=str(path)
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as stream, target.open("wb") as out:
                    shutil.copyfileobj(stream, out)
            part.replace(folder)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise ModelError(f"cannot be unpacked: {error}", where=str(path)) from error
    return folder


def _shipped(name: str, path: Path) -> Spec:
    """A node of the engine's own: its file comes from the model store."""
    table = read_toml(path)
    store = str(table.pop("store"))
    state = models.state(store)
    spec = read_table(name, table, path.parent, str(path), state.path)
    return replace(spec, labels=_packed_labels(state.path) if state.ready else (), store=store)
