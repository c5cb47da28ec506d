"""What a model node says of itself: a short TOML, or what its files tell where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ...core.errors import ModelError, UsageError, unknown_name
from ...core.param_types import Bool, Choice, Float, Int, Text
from ...core.params import Parametrized, finite, shown
from ...core.paths import checked, is_file, is_folder, is_there

T = TypeVar("T", bound=Parametrized)
TASKS = ("labels", "boxes", "mask", "image", "landmarks")
INPUTS = ("picture", "pose-heatmaps", "sound", "embedding", "face", "pose", "hands")
ROWS = (
    "embedding",
    "face",
    "pose",
    "hands",
    "sound",
)  # made into a row of numbers first (engine/trackers/custom/features.py)
DEVICES = ("cpu", "gpu")
KEYS = ("file", "doc", "labels", "task", "device", "input", "output", "features")


class InputSettings(Parametrized):
    """How an image becomes what the model wants."""

    of = Choice("picture", INPUTS, "what goes in: the image, landmarks of a tracker, or sound")
    fit = Choice("stretch", ("stretch", "crop", "pad"), "how an image of another shape is brought to the model's")
    filter = Choice("area", ("area", "bilinear", "lanczos", "tensorflow"), "how it is resized")
    channels = Choice("rgb", ("rgb", "bgr", "grey"), "order of the colours; grey where the model has one channel")
    low = Float(0.0, -1e4, 1e4, "the number that black becomes")
    high = Float(1.0, -1e4, 1e4, "the number that white becomes")


class OutputSettings(Parametrized):
    """What a model's numbers mean."""

    scores = Choice("as-is", ("as-is", "softmax", "sigmoid"), "what turns the numbers into probabilities")
    smooth_s = Float(0.15, 0.0, 10.0, "time constant of the probabilities' smoothing", unit="s")
    on = Float(0.6, 0.5, 1.0, "a class counts as seen from this probability up …")
    off = Float(0.4, 0.0, 0.5, "… until it falls below this one")
    least = Float(0.4, 0.0, 1.0, "boxes and points below this score are left out")
    overlap = Float(0.5, 0.0, 1.0, "of two boxes of one class that overlap by more, the surer one stays")
    most = Int(20, 1, 200, "how many boxes are kept")
    format = Choice("auto", ("auto", "ssd", "anchors"), "boxes: the four outputs of an SSD, or EfficientDet's raw ones")
    cells = Float(3.0, 1.0, 16.0, "anchors: how many cells the smallest is wide: 3 in EfficientDet-Lite0 to 2, else 4")
    channel = Int(-1, -1, 4096, "mask: which channel it is; -1: the only one, or all but the first")
    low = Float(0.0, -1e4, 1e4, "image: the number that means black")
    high = Float(1.0, -1e4, 1e4, "image: the number that means white")
    pixels = Bool(False, "landmarks: places are in pixels of the model's input rather than 0..1")
    per_point = Int(0, 0, 10, "landmarks: numbers a point; 0: found from the shape")


class _Words(Parametrized):
    """The texts of a node."""

    doc = Text("", "what it is, in a line")


@dataclass(frozen=True, slots=True)
class Spec:
    """One model node. `kind`: tflite, h5, keras, tfjs, savedmodel or nearest (examples).

    `file`: the file or folder of that kind; `size` (width, height) is None where the model itself says it; `features`
    is a model whose outputs go in where the input is not the image.
    """

    name: str
    file: Path
    kind: str = "tflite"
    task: str = "labels"
    labels: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    input: InputSettings = field(default_factory=InputSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    features: Path | None = None
    doc: str = ""
    device: str = "cpu"
    store: str = ""  # the name in the model store, where the file comes from there


KINDS = {".tflite": "tflite", ".h5": "h5", ".hdf5": "h5", ".keras": "keras", ".json": "tfjs", ".npz": "nearest"}


def kind_of(path: Path) -> str:
    """Which kind of model a file or folder is, empty where it is none."""
    if is_folder(path):
        return "savedmodel" if is_file(path / "saved_model.pb") else ""
    return KINDS.get(path.suffix.lower(), "")


def read_table(name: str, table: Mapping[str, Any], folder: Path, where: str = "", file: Path | None = None) -> Spec:
    """The node in a TOML table; paths are relative to `folder` and inside it. `file` is the model where the table names
    none. Raises UsageError naming the key, ModelError for a file that is not there."""
    from .labels import read_labels

    _check_keys(table, KEYS, "a model", where)
    file = file or _path(table, "file", folder, where)
    if file is None:
        raise UsageError("a model needs a file", where=where, hint='write file = "model.tflite"')
    kind = kind_of(file)
    if not kind:
        raise UsageError(
            f"{file.name} cannot be read as a model",
            where=where,
            hint="expected .tflite, .h5, .keras, a TensorFlow.js model.json or a SavedModel folder",
        )
    task = table.get("task", "labels")
    if task not in TASKS:
        raise unknown_name("task of a model", str(task), TASKS, where=where)
    device = table.get("device", "cpu")
    if device not in DEVICES:
        raise unknown_name("device of a model", str(device), DEVICES, where=where)
    labels = table.get("labels", ())
    if isinstance(labels, str):
        found = _path(table, "labels", folder, where)
        assert found is not None
        names = read_labels(found)
    elif isinstance(labels, Sequence) and all(isinstance(label, str) for label in labels):
        names = tuple(labels)
    else:
        raise UsageError(f"labels cannot be {shown(labels)}: expected a file or a list of names", where=where)
    table_in, size = dict(_table(table, "input", where)), None
    if "size" in table_in:
        size = _size(table_in.pop("size"), where)
    if "range" in table_in:
        table_in["low"], table_in["high"] = _pair("range", table_in.pop("range"), where)
    table_out = dict(_table(table, "output", where))
    if "range" in table_out:
        table_out["low"], table_out["high"] = _pair("range", table_out.pop("range"), where)
    words = _Words()
    _fill(words, {"doc": table["doc"]} if "doc" in table else {}, "a model", where)
    return Spec(
        name,
        file,
        kind,
        task,
        names,
        size,
        _fill(InputSettings(), table_in, "input", where),
        _fill(OutputSettings(), table_out, "output", where),
        _path(table, "features", folder, where),
        words.doc,
        str(device),
    )


def _fill(settings: T, table: Mapping[str, Any], kind: str, where: str) -> T:
    _check_keys(table, tuple(settings.params()), kind, where)
    for key, value in table.items():
        try:
            settings.set(key, value)
        except UsageError as error:
            raise UsageError(f"{kind}: {error.message}", where=where, hint=error.hint) from None
    return settings


def _check_keys(table: Mapping[str, Any], known: Sequence[str], kind: str, where: str) -> None:
    for key in table:
        if key not in known:
            raise unknown_name(f"key in {kind}", str(key), known, where=where)


def _table(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    found = table.get(key, {})
    if not isinstance(found, dict):
        raise UsageError(f"{key} must be a table", where=where, hint=f"write it as [{key}] or {key} = {{ … }}")
    return found


def _pair(key: str, value: Any, where: str) -> tuple[float, float]:
    numbers = finite(value) if isinstance(value, list | tuple) and len(value) == 2 else None
    if numbers is None or numbers[0] == numbers[1]:
        raise UsageError(f"{key} cannot be {shown(value)}: expected two numbers, e.g. {key} = [-1, 1]", where=where)
    return numbers[0], numbers[1]


def _size(value: Any, where: str) -> tuple[int, int]:
    numbers = finite(value) if isinstance(value, list | tuple) and len(value) == 2 else None
    if numbers is None or not all(1 <= n <= 8192 and n == int(n) for n in numbers):
        raise UsageError(f"size cannot be {shown(value)}: expected [width, height] in pixels", where=where)
    return int(numbers[0]), int(numbers[1])


def _path(table: Mapping[str, Any], key: str, folder: Path, where: str) -> Path | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value or "\0" in value or len(value) > 1000:
        raise UsageError(f"{key} cannot be {shown(value)}: expected the path of a file", where=where)
    path = (folder / value).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UsageError(f"{key}: '{value}' is outside its folder", where=where, hint=f"copy it into {folder}")
    if not is_there(path):
        raise ModelError(f"{key}: '{value}' not found in {folder}", where=where)
    if not is_folder(path):
        checked(path, "file", hint=f"correct {key} in {where}")
    return path
