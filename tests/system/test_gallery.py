"""`phosphene gallery`: pictures of scenes, effects and transitions, and the page that shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from phosphene.engine.commands.cli import main
from phosphene.engine.commands.gallery import Gallery
from phosphene.engine.scene.registry import Registry
from PIL import Image

pytestmark = pytest.mark.gl

ROOT = Path(__file__).resolve().parents[2]
CARD = "testcard:960x540@5"


def test_a_scene_and_an_effect_of_ones_own(tmp_path: Path) -> None:
    effects = tmp_path / "effects"
    effects.mkdir()
    (effects / "red.frag").write_text("// Red.\nvec4 effect(vec2 uv) { return vec4(1.0, 0.0, 0.0, 1.0); }\n")
    out = tmp_path / "out"
    assert main(["gallery", "mirror", "red", "--out", str(out), "--input", CARD, "--effects", str(effects)]) == 0
    assert sorted(p.name for p in (out / "gallery").iterdir()) == ["effect-red.jpg", "mirror.jpg"]
    with Image.open(out / "gallery" / "effect-red.jpg") as picture:
        assert picture.size == (960, 540)
        red, green, blue = picture.getpixel((480, 270))  # type: ignore[misc]
    assert red > 240
    assert max(green, blue) < 20
    assert not (out / "gallery.md").exists(), "the page shows all or is left alone"


def test_what_cannot_be_drawn_is_named_and_the_others_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "red.frag").write_text("// Red.\nvec4 effect(vec2 uv) { return vec4(1.0, 0.0, 0.0, 1.0); }\n")
    (tmp_path / "bad.py").write_text(
        'from phosphene import Effect, Float\n\n\nclass Bad(Effect):\n    """Bad."""\n\n    a = Float(2.0, 0.0, 1.0)\n'
    )
    arguments = ["gallery", "bad", "red", "--out", str(tmp_path / "out"), "--input", CARD, "--effects", str(tmp_path)]
    assert main(arguments) == 1
    assert [p.name for p in (tmp_path / "out" / "gallery").iterdir()] == ["effect-red.jpg"]
    told = capsys.readouterr().err
    assert "bad.py:7" in told
    assert "not drawn: bad" in told


def test_an_unknown_name_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "miror", "--out", str(tmp_path), "--input", CARD]) == 2
    assert "mirror" in capsys.readouterr().err


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.usefixtures("models_ready")
def test_a_transition_at_three_moments(tmp_path: Path) -> None:
    lines = list(Gallery(tmp_path, "testcard:960x540@8", ["wipe"], []).transitions())
    assert lines[1] == "### wipe"
    with Image.open(tmp_path / "gallery" / "transition-wipe.jpg") as picture:
        assert picture.size == (3 * 480 + 2 * 6, 270)


def test_the_committed_page_shows_everything() -> None:
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    registry = Registry([], [])
    names = {*registry.scenes(), *registry.effects(), *registry.transitions()}
    assert [name for name in sorted(names) if f"### {name}\n" not in page] == []
