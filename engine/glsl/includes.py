"""Shader files and their `#include`, each line traceable to the author's own.

Drivers differ in what they make of `#line` (Mesa 22 forgets which file it names), so the text given to them has none:
marks in comments tell where each line comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ..core.errors import ShaderError
from ..core.source_lines import line_at, location

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+["<]([^">\n]+)[">][ \t]*$', re.MULTILINE)
MAX_INCLUDES = 64
MARK = re.compile(r"//@ (\d+) (\d+)")  # the next line is this line of this file


class Sources:
    """Shader files with their includes put in, each line traceable to its own file."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = tuple(folders)
        self.files: list[str] = ["prelude"]
        self.seen: set[Path] = set()
        self._open: list[str] = []  # from the author's file down to the one that is being read

    def find(self, name: str, where: str) -> Path:
        """The file called `name` in the effect's folder or in `shaders/`; it may not lie outside them."""
        outside = True
        for folder in self.folders:
            try:
                path = (folder / name).resolve()
                inside = path.is_relative_to(folder.resolve())
                outside = outside and not inside
                if inside and path.is_file():
                    return path
            except (OSError, ValueError):  # what cannot be the name of a file names none
                outside = False
        looked = ", ".join(str(f) for f in self.folders)
        if outside:
            raise ShaderError(
                f"'{name}' lies outside the effect's folder", where=where, hint=f"put it into {self.folders[0]}"
            )
        raise ShaderError(f"no shader file '{name}'", where=where, hint=f"it is looked for in {looked}")

    def load(self, name: str, where: str = "") -> str:
        """The text of file `name` with its includes."""
        path = self.find(name, where)
        self.seen.add(path)
        return self.expand(read_shader(path), str(path), 1)

    def expand(self, text: str, file: str, first_line: int) -> str:
        """`text` of `file` with its includes put in, each file once. Raises ShaderError for a circle, and for many."""
        number = len(self.files)
        self.files.append(file)
        self._open.append(str(Path(file).resolve()))
        out = [mark(first_line, number)]
        for offset, line in enumerate(text.split("\n")):
            match = INCLUDE.match(line)
            if match is None:
                out.append(line)
                continue
            at = first_line + offset
            where = location(file, at)
            path = self.find(match.group(1), where)
            if str(path) in self._open:
                hint = f"put what both need into a file of its own; here it is {circle(self._open, path)}"
                raise ShaderError("files include each other in a circle", where=where, hint=hint)
            if len(self.files) > MAX_INCLUDES:
                raise ShaderError(f"more than {MAX_INCLUDES} included files", where=where)
            if path not in self.seen:
                self.seen.add(path)
                out.append(self.expand(read_shader(path), str(path), 1))
            out.append(mark(at + 1, number))
        self._open.pop()
        return "\n".join(out)


def circle(files: list[str], path: Path) -> str:
    """The names of the files from `path` on down to itself."""
    return " → ".join(Path(f).name for f in [*files[files.index(str(path)) :], str(path)])


def mark(row: int, file: int) -> str:
    """The comment that says which line of which file comes next."""
    return f"//@ {row} {file}"


def read_shader(path: Path) -> str:
    """A shader file's text, whatever its line ends and byte order mark."""
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ShaderError(f"cannot be read: {error}", where=str(path)) from error
    except UnicodeDecodeError as error:
        where = location(path, line_at(data, error.start))
        raise ShaderError(f"cannot be read as text (UTF-8): {error.reason}", where=where) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
