"""Makes a working effect to start from, with its test and a scene that shows it."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ..core.errors import UsageError
from ..core.paths import in_words, is_there, named

SUFFIX = {"py": ".py", "glsl": ".frag", "isf": ".fs"}
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

PYTHON = '''\
from phosphene import Color, Effect, Float


class {title}(Effect):
    """Tints the image from the middle outward."""

    ink = Color("#ff5a36", "the tint")
    amount = Float(0.6, 0.0, 1.0, "how much of it")
    glsl = """
    vec4 effect(vec2 uv) {{
        vec4 c = frame_here();
        float edge = smoothstep(0.2, 0.8, distance(uv, vec2(0.5)));
        return vec4(mix(c.rgb, ink * luma(c.rgb) * 2.0, edge * amount), c.a);
    }}"""
'''
GLSL = """\
// Tints the image from the middle outward.

uniform vec3 ink; // = #ff5a36 the tint
uniform float amount; // = 0.6 [0, 1] how much of it

vec4 effect(vec2 uv) {{
    vec4 c = frame_here();
    float edge = smoothstep(0.2, 0.8, distance(uv, vec2(0.5)));
    return vec4(mix(c.rgb, ink * luma(c.rgb) * 2.0, edge * amount), c.a);
}}
"""
ISF = """\
/*{{
    "ISFVSN": "2",
    "DESCRIPTION": "Tints the image from the middle outward.",
    "CATEGORIES": ["Color"],
    "INPUTS": [
        {{ "NAME": "inputImage", "TYPE": "image" }},
        {{ "NAME": "ink", "TYPE": "color", "DEFAULT": [1.0, 0.35, 0.21, 1.0], "LABEL": "the tint" }},
        {{ "NAME": "amount", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0.0, "MAX": 1.0, "LABEL": "how much of it",
          "IDENTITY": 0.0 }}
    ]
}}*/

void main() {{
    vec4 c = IMG_THIS_PIXEL(inputImage);
    float edge = smoothstep(0.2, 0.8, distance(isf_FragNormCoord, vec2(0.5)));
    float light = dot(c.rgb, vec3(0.2126, 0.7152, 0.0722));
    gl_FragColor = vec4(mix(c.rgb, ink.rgb * light * 1.5, edge * amount), c.a);
}}
"""
TEMPLATES = {"py": PYTHON, "glsl": GLSL, "isf": ISF}
SCENE = """\
title = "{words}"
doc = "Shows the effect {name}."

[[layer]]
source = "camera"
effects = [{{ use = "{name}", amount = 0.8 }}]
"""
TEST = '''\
"""Judges the effect in {file} as `phosphene check` does."""

from pathlib import Path

from phosphene.testing import check

EFFECT = Path(__file__).parent.parent / "{file}"


def test_it_compiles_draws_and_repeats() -> None:
    verdict = check(EFFECT)
    assert verdict.good, verdict.error
    assert not verdict.unused, f"parameters that change nothing: {{verdict.unused}}"
'''


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("name", metavar="NAME", help="what the effect is called: small letters, digits and -")
    parser.add_argument("--kind", choices=tuple(SUFFIX), default="py", help="Python, GLSL or ISF (default: py)")
    parser.add_argument("--out", metavar="DIR", help="where the files go (default: your own effect and scene folders)")


def run(options: argparse.Namespace) -> int:
    """Writes the files and says how to go on."""
    made = write_new(options.name, options.kind, named(options.out) if options.out else None)
    for path in made:
        print(f"wrote {path}")
    effect, scene, test = made
    folder = f" --effects {effect.parent}" if options.out else ""
    shown = scene if options.out else options.name
    print(f"\nnext:\n  phosphene run {shown}{folder}\n  phosphene check {effect}\n  pytest {test}")
    return 0


def write_new(name: str, kind: str, out: Path | None) -> list[Path]:
    """Writes effect, scene and test; returns their paths. Never overwrites. Raises UsageError and SinkError."""
    from ..scene.registry import Registry, first_user_folder

    if not NAME.fullmatch(name) or len(name) > 40:
        raise UsageError(
            f"'{name}' is not a valid effect name", hint="use small letters, digits and -, such as gold-rain"
        )
    stem = name.replace("-", "_") if kind == "py" else name
    effects = out or first_user_folder("effects")
    scenes = out or first_user_folder("scenes")
    file = effects / f"{stem}{SUFFIX[kind]}"
    scene = scenes / f"{name}.toml"
    test = effects / "tests" / f"test_{name.replace('-', '_')}.py"
    taken = [p for p in (file, scene, test) if is_there(p)]
    if taken:
        raise UsageError(f"{taken[0]} already exists", hint="choose another name, or remove it")
    if out is None and name in Registry().effects():
        raise UsageError(f"an effect called '{name}' already exists", hint="choose another name, or use --out DIR")
    words = {"name": name, "title": "".join(w.capitalize() for w in name.split("-")), "file": file.name}
    words["words"] = name.replace("-", " ").capitalize()
    try:
        for path, text in ((file, TEMPLATES[kind]), (scene, SCENE), (test, TEST)):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as made:
                made.write(text.format(**words))
    except OSError as error:
        raise in_words(error) from error
    return [file, scene, test]
