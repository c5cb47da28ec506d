"""An installed package with effects: listed without being imported, used in a show, and named where it is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = '''from pathlib import Path

from phosphene import Effect, Float

(Path(__file__).parent / "imported").touch()


class Shine(Effect):
    """Makes it shine."""

    amount = Float(0.5, 0.0, 1.0, "how much")
    glsl = "vec4 effect(vec2 uv) { return frame_here() * (1.0 + amount); }"
'''


DUOTONE = GOOD.replace("Shine", "Duotone").replace("Makes it shine.", "The package's own.")
RAISES = 'from phosphene import Effect\n\n\nclass Raises(Effect):\n    """Raises."""\n\n    needs = 1 / 0\n'
ENTRY_POINTS = """[phosphene.effects]
their-shine = their_effects.shine:Shine
their-broken = their_effects.broken:Broken
their-raises = their_effects.raises:Raises
their-missing = their_effects.nothing:Nothing
duotone = their_effects.duotone:Duotone
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    files = {
        "their_effects/__init__.py": "",
        "their_effects/shine.py": GOOD,
        "their_effects/duotone.py": DUOTONE,
        "their_effects/broken.py": "from phosphene import Effect\n\n\ndef oops(:\n",
        "their_effects/raises.py": RAISES,
        "their_effects-0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: their-effects\nVersion: 0.1\n",
        "their_effects-0.1.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "their_effects-0.1.dist-info/entry_points.txt": ENTRY_POINTS,
    }
    record = "their_effects-0.1.dist-info/RECORD"
    files[record] = "".join(f"{name},,\n" for name in (*files, record))
    wheel = folder / "their_effects-0.1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    options = [
        "--no-index",
        "--no-deps",
        "--no-compile",
        "--disable-pip-version-check",
        "--target",
        str(folder / "site"),
    ]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *options, str(wheel)], check=True, timeout=400)
    return folder / "site"


def phosphene(installed: Path, *arguments: str, own: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(installed)])}
    if own is not None:
        env["PHOSPHENE_EFFECTS"] = str(own)
    return subprocess.run(
        [sys.executable, "main.py", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def test_it_is_listed_without_being_imported(installed: Path) -> None:
    done = phosphene(installed, "list", "effects", "--json")
    found = {e["name"]: e for e in json.loads(done.stdout)["effects"]}
    assert found["their-shine"]["origin"] == "plugin"
    assert found["their-shine"]["doc"] == "Makes it shine. (from package their-effects)"
    assert found["their-shine"]["params"] == ["amount"]
    assert "broken.py:4" in found["their-broken"]["problem"]
    assert "mirror" in found
    assert not (installed / "their_effects" / "imported").exists()


@pytest.mark.gl
def test_it_is_drawn(installed: Path) -> None:
    scene = installed / "shiny.toml"
    scene.write_text('title = "S"\n[[layer]]\nsource = "camera"\neffects = [{ use = "their-shine", amount = 0.2 }]\n')
    done = phosphene(installed, "run", str(scene), "--input", "testcard:64x48@30x3", "--output", "null")
    assert done.returncode == 0, done.stderr
    assert "3 frames" in done.stderr
    assert "switched off" not in done.stderr


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of the user's own effects."""
    (tmp_path / "their-shine.frag").write_text("// The user's.\nvec4 effect(vec2 uv) { return vec4(1.0); }\n")
    (tmp_path / "mirror.frag").write_text("// The user's.\nvec4 effect(vec2 uv) { return vec4(1.0); }\n")
    (tmp_path / "typo.frag").write_text("// Bad.\n\nvec4 effect(vec2 uv) { return oops; }\n")
    (tmp_path / "typo2.py").write_text("from phosphene import Effect\n\n\nclass Typo(Effect:\n")
    return tmp_path


def test_the_users_folder_wins_over_a_package_and_that_over_what_is_built_in(installed: Path, own: Path) -> None:
    def docs(own: Path | None) -> dict[str, tuple[str, str]]:
        done = phosphene(installed, "list", "effects", "--json", own=own)
        return {e["name"]: (e["origin"], e["doc"].split(" (")[0]) for e in json.loads(done.stdout)["effects"]}

    without, with_own = docs(None), docs(own)
    assert without["duotone"] == with_own["duotone"] == ("plugin", "The package's own.")
    assert without["mirror"][0] == "built-in"
    assert with_own["mirror"] == with_own["their-shine"] == ("user", "The user's.")


@pytest.mark.gl
def test_doctor_names_each_broken_one_with_file_and_line(installed: Path, own: Path) -> None:
    told = phosphene(installed, "doctor", own=own).stdout
    for where in ("broken.py:4: ", "raises.py:7: ", "typo.frag:3: does not compile: ", "typo2.py:4: "):
        assert where in told
    assert "no module their_effects.nothing" in told
    assert "effect their-shine" not in told
    assert "effect duotone" not in told
