"""Sources, sinks and trackers of installed packages: named unimported, opened when asked for, blamed by name."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.core.errors import PhospheneError, SinkError, SourceError, TrackerError, UsageError
from phosphene.engine.core.frame import Frame
from phosphene.engine.core.plugins import Plugins, members, usable
from phosphene.engine.scene.layer import Layer
from phosphene.engine.scene.registry import Registry
from phosphene.engine.scene.scene import Scene
from phosphene.engine.scene.toml_read import load_scene
from phosphene.engine.scene.toml_write import save_scene
from phosphene.engine.show.catalogue import list_sinks, list_sources, list_trackers, load_effect
from phosphene.engine.sinks import is_live, keeping_alpha, knows_watchers, open_sink
from phosphene.engine.sinks import split_spec as split_output
from phosphene.engine.sinks.base import Sink
from phosphene.engine.sources import open_source, split_spec
from phosphene.engine.sources.base import Source
from phosphene.engine.trackers import open_tracker, params_of, tracker_names
from phosphene.engine.trackers.base import Tracker

GOOD = '''"""Parts of a package."""

from pathlib import Path

import numpy as np
from phosphene import Float, Frame, Landmarks, Parametrized, Sink, Source, SourceError, Tracker

(Path(__file__).parent / "imported").touch()


class Grey(Source):
    """Grey frames."""

    def __init__(self, rest, *, size, fps):
        if rest == "no":
            raise SourceError("no grey today")
        if rest == "odd":
            raise RuntimeError("odd")
        self.size, self.fps, self.frame_count = size or (8, 6), fps, int(rest or 2)
        self.count = 0

    def read(self):
        if self.count == self.frame_count:
            return None
        self.count += 1
        return Frame(self.count - 1, self.count / 10, np.full((self.size[1], self.size[0], 3), 128, np.uint8))


def opened(rest, *, size, fps):
    """A function that opens one."""
    return Grey(rest, size=size, fps=fps)


class Keep(Sink):
    """Keeps everything."""

    live = True
    watched = True

    def __init__(self, rest, *, size, fps):
        self.rest, self.size, self.images = rest, size, []

    def write(self, image, time_s):
        self.images.append(image.copy())


class Middle(Parametrized, Tracker):
    """The middle of the frame."""

    height = Float(0.5, 0.0, 1.0, "where it is")

    def __init__(self, **values):
        for name, value in values.items():
            self.set(name, value)

    def track(self, frame):
        return Landmarks(frame.id, np.array([[0.5, self.height, 0.0]], np.float32), np.ones(1, np.float32))


class Bare:
    """Without parameters, and without the base class."""

    def track(self, frame):
        return None

    def close(self):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *why):
        pass


class Half:
    """Half a source, sink or tracker."""

    def __init__(self, *rest, **more):
        pass


NUMBER = 3
'''
ENTRY_POINTS = """[phosphene.sources]
grey = their_parts.good:Grey
grey-by-function = their_parts.good:opened
camera = their_parts.good:Grey
G = their_parts.good:Grey
half = their_parts.good:Half
number = their_parts.good:NUMBER
gone = their_parts.nothing:Grey
raises = their_parts.raises:Grey
broken = their_parts.broken:Grey
[phosphene.sinks]
keep = their_parts.good:Keep
half = their_parts.good:Half
raises = their_parts.raises:Keep
[phosphene.trackers]
middle = their_parts.good:Middle
bare = their_parts.good:Bare
half = their_parts.good:Half
face = their_parts.good:Middle
sound = their_parts.good:Middle
raises = their_parts.raises:Middle
"""


def install(site: Path, package: str, files: dict[str, str], entry_points: str) -> None:
    """What pip leaves behind of a package, as far as Python looks at it."""
    module = package.replace("-", "_")
    for name, text in files.items():
        (site / module / name).parent.mkdir(parents=True, exist_ok=True)
        (site / module / name).write_text(text, encoding="utf-8")
    about = site / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(entry_points, encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on Python's path with one package in it."""
    files = {
        "__init__.py": "",
        "good.py": GOOD,
        "raises.py": "raise OSError('no such device')\n",
        "broken.py": "def oops(:\n",
    }
    install(tmp_path, "their-parts", files, ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("their_parts", "other_parts")]:
        del sys.modules[name]


def frame() -> Frame:
    return Frame(0, 0.0, np.zeros((6, 8, 3), np.uint8))


# What is asked for is there


@pytest.mark.parametrize("spec", ["grey", "grey:3", "grey-by-function:3"])
def test_a_source_of_a_package_is_an_input(site: Path, spec: str) -> None:
    with open_source(spec, size=(16, 12), fps=10) as source:
        frames = list(iter(source.read, None))
    assert (source.size, source.fps, source.live, source.endless) == ((16, 12), 10, False, False)
    assert [f.id for f in frames] == list(range(3 if ":" in spec else 2))
    assert split_spec(spec) == tuple(f"{spec}:".split(":")[:2])


def test_a_sink_of_a_package_is_an_output_and_has_its_options_to_itself(site: Path) -> None:
    spec = "keep:a/b:c?quality=9&alpha=1"
    with open_sink(spec, size=(8, 6), fps=30) as sink:
        sink.write(np.zeros((6, 8, 4), np.uint8), 0.0)
    assert (sink.rest, sink.size, len(sink.images)) == ("a/b:c?quality=9&alpha=1", (8, 6), 1)  # type: ignore[attr-defined]
    assert split_output(spec) == ("keep", "a/b:c?quality=9&alpha=1", {})
    assert is_live(spec)
    assert knows_watchers(spec)
    assert keeping_alpha("keep:clip.mov") == ""


def test_a_tracker_of_a_package_is_opened_with_its_parameters(site: Path) -> None:
    assert list(params_of("middle")) == ["height"]
    assert params_of("bare") == {}
    with open_tracker("middle", height=0.25) as tracker, open_tracker("bare") as bare:
        assert tracker.track(frame()).points[0, 1] == 0.25
        assert bare.track(frame()) is None
    with pytest.raises(UsageError, match="height cannot be 7"):
        open_tracker("middle", height=7)


def test_a_scene_sets_a_packages_tracker_and_an_effect_needs_it(site: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        'from phosphene import Effect\n\n\nclass Mine(Effect):\n    """Mine."""\n\n    needs = ("middle",)\n'
        '    glsl = "vec4 effect(vec2 uv) { return frame_here(); }"\n'
    )
    text = '[trackers.middle]\nheight = {}\n[[layer]]\nsource = "camera"\neffects = [{{ use = "mine" }}]\n'
    (tmp_path / "mine.toml").write_text(text.format(0.75))
    scene = load_scene(str(tmp_path / "mine.toml"), Registry([tmp_path], []))
    assert scene.needs() == {"middle"}
    assert scene.tracker_params("middle") == {"height": 0.75}
    (tmp_path / "mine.toml").write_text(text.format(7))
    with pytest.raises(UsageError, match=r"mine\.toml:2: height cannot be 7"):
        load_scene(str(tmp_path / "mine.toml"), Registry([tmp_path], []))


def test_a_scene_with_a_packages_effect_is_saved_by_its_name(site: Path, tmp_path: Path) -> None:
    site.joinpath("their_parts", "shine.py").write_text(
        'from phosphene import Effect\n\n\nclass Shine(Effect):\n    """Shines."""\n\n'
        '    glsl = "vec4 effect(vec2 uv) { return frame_here(); }"\n'
    )
    points = site / "their_parts-1.0.dist-info" / "entry_points.txt"
    points.write_text(points.read_text() + "[phosphene.effects]\ntheir-shine = their_parts.shine:Shine\n")
    layer = Layer("camera")
    layer.effects["bright"] = load_effect("their-shine")()
    save_scene(Scene("s", layers=[layer]), tmp_path / "s.toml")
    assert 'use = "their-shine", name = "bright"' in (tmp_path / "s.toml").read_text()
    assert list(load_scene(str(tmp_path / "s.toml"), Registry([], [])).layers[0].effects) == ["bright"]


# What is not asked for is not imported


def test_listing_imports_nothing(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert not (site / "their_parts" / "imported").exists()
    assert not [name for name in sys.modules if name.startswith("their_parts")]
    for kind, name, doc in (
        ("sources", "grey", "Grey frames."),
        ("sinks", "keep", "Keeps everything."),
        ("trackers", "middle", "The middle of the frame."),
    ):
        (item,) = [item for item in found[kind] if item["name"] == name]
        assert (item["doc"], item["origin"], item["problem"]) == (f"{doc} (from package their-parts)", "plugin", "")
        assert f"{name} (plugin)" in shown


def test_the_engines_own_are_opened_without_a_look_at_packages(site: Path) -> None:
    with open_source("testcard:64x48@30x1") as source, open_sink("null", size=(64, 48), fps=30):
        source.read()
    assert not (site / "their_parts" / "imported").exists()


def test_show_tells_a_packages_tracker(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "middle"]) == 0
    shown = capsys.readouterr().out
    assert "The middle of the frame. (from package their-parts)" in shown
    assert "where it is" in shown


# Clashes


def test_the_engines_own_names_win_and_the_clash_is_listed(site: Path) -> None:
    for found, name in ((list_sources(), "camera"), (list_trackers(), "face")):
        ours, theirs = (item for item in found if item.name == name)
        assert (ours.origin, ours.problem) == ("built-in", "")
        assert theirs.origin == "plugin"
        assert "taken" in theirs.problem
        assert "their-parts" in theirs.problem
    assert "middle" in tracker_names()
    assert tracker_names().count("face") == 1
    assert "sound" not in tracker_names()


@pytest.mark.parametrize(
    ("name", "good"),
    [("grey", True), ("my-source2", True), ("a", False), ("C", False), ("a.b", False), ("-a", False), ("a/b", False)],
)
def test_which_names_are_usable(name: str, good: bool) -> None:
    assert usable(name) is good


def test_a_name_that_cannot_be_typed_is_listed_with_the_reason(site: Path) -> None:
    (item,) = [item for item in list_sources() if item.name == "G"]
    assert "is not a name" in item.problem


def test_two_packages_that_offer_the_same_are_both_named(site: Path) -> None:
    install(
        site, "other-parts", {"__init__.py": "", "good.py": GOOD}, "[phosphene.sinks]\nkeep = other_parts.good:Keep\n"
    )
    with pytest.raises(UsageError, match="several packages offer the output 'keep': other-parts, their-parts"):
        open_sink("keep", size=(8, 6), fps=30)
    found = [item for item in list_sinks() if item.name == "keep"]
    assert len(found) == 2
    assert all("several packages" in item.problem for item in found)


# Packages that are broken


@pytest.mark.parametrize(
    ("open_it", "kind", "said"),
    [
        (lambda: open_source("raises"), SourceError, "cannot be imported: OSError: no such device"),
        (lambda: open_source("raises"), SourceError, "raises.py:1: the input 'raises' of package their-parts"),
        (lambda: open_source("broken"), SourceError, "broken.py:1: the input"),
        (lambda: open_source("gone"), SourceError, "their_parts.nothing:Grey: the input"),
        (lambda: open_source("gone"), SourceError, "cannot be imported: ModuleNotFoundError"),
        (lambda: open_source("broken"), SourceError, "cannot be imported: SyntaxError"),
        (lambda: open_source("number"), SourceError, "is not a class or a function"),
        (lambda: open_source("half"), SourceError, "is not a Source: it has no __enter__, __exit__, close"),
        (lambda: open_source("grey:odd"), SourceError, "cannot be opened: RuntimeError: odd"),
        (lambda: open_sink("raises", size=(8, 6), fps=30), SinkError, "cannot be imported: OSError"),
        (lambda: open_sink("half", size=(8, 6), fps=30), SinkError, "is not a Sink: it has no __enter__"),
        (lambda: open_tracker("raises"), TrackerError, "cannot be imported: OSError"),
        (lambda: open_tracker("half"), TrackerError, "is not a Tracker: it has no __enter__"),
        (lambda: open_tracker("middle", depth=1), UsageError, "unknown parameter 'depth'"),
    ],
)
def test_what_is_wrong_names_the_package(site: Path, open_it: object, kind: type[PhospheneError], said: str) -> None:
    assert callable(open_it)
    with pytest.raises(kind) as caught:
        open_it()
    assert said in str(caught.value)
    assert kind is UsageError or "their-parts" in str(caught.value)


def test_a_packages_own_error_comes_out_as_it_is(site: Path) -> None:
    with pytest.raises(SourceError) as caught:
        open_source("grey:no")
    assert str(caught.value) == "no grey today"


def test_a_package_that_cannot_be_read_is_listed_as_broken(site: Path) -> None:
    found = {item.name: item.problem for item in list_sources()}
    assert "broken.py:1" in found["broken"]
    assert "no module their_parts.nothing" in found["gone"]
    assert found["raises"] == ""  # that is not known before it is imported


def test_an_unknown_name_suggests_what_packages_offer(site: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'grey'"):
        open_source("gray")
    with pytest.raises(UsageError, match="did you mean 'keep'"):
        open_sink("kepe", size=(8, 6), fps=30)
    with pytest.raises(UsageError, match="did you mean 'middle'"):
        open_tracker("midle")


# Protocols


@pytest.mark.parametrize(
    ("protocol", "asked"),
    [
        (Source, {"size", "fps", "frame_count", "endless", "live", "read", "close", "__enter__", "__exit__"}),
        (Sink, {"alpha", "write", "close", "__enter__", "__exit__"}),
        (Tracker, {"track", "close", "__enter__", "__exit__"}),
    ],
)
def test_what_a_protocol_asks_for(protocol: type, asked: set[str]) -> None:
    assert set(members(protocol)) == asked


def test_a_group_without_packages_is_empty() -> None:
    nobody = Plugins("phosphene.nobody", "thing", (), SourceError)
    assert nobody.listed() == []
    assert nobody.names() == []
    assert not nobody.has("anything")


@pytest.mark.parametrize(("protocol", "method"), [(Source, "read"), (Sink, "write"), (Tracker, "track")])
def test_who_derives_from_a_protocol_is_told_what_is_missing(protocol: type, method: str) -> None:
    made = type("Made", (protocol,), {})
    with pytest.raises(TypeError, match=f"abstract.*{method}"):
        made()
    whole = type("Whole", (protocol,), {method: lambda self, *rest: None, "closed": False})()
    whole.close()
    with whole as entered:
        assert entered is whole
