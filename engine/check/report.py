"""Verdicts as Markdown: how many, and everything that is wrong. docs/compatibility.md is made with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import SinkError
from ..core.files.put import write_whole
from ..core.paths import in_words, is_file
from .verdict import Verdict

BEGIN, END = "<!-- phosphene check --report: begin -->", "<!-- phosphene check --report: end -->"


def write_report(path: Path, verdicts: Sequence[Verdict], folders: Sequence[Path]) -> None:
    """Writes the report to `path`; in a page that is there already, between its marks. Raises SinkError."""
    made = f"{BEGIN}\n{report(verdicts, folders)}\n{END}"
    try:
        page = path.read_text(encoding="utf-8") if is_file(path) else f"{BEGIN}{END}\n"
        before, _, rest = page.partition(BEGIN)
        if END not in rest:
            raise SinkError(
                "has no place for the report", where=str(path), hint=f"write a line {BEGIN} and a line {END}"
            )
    except OSError as error:
        raise in_words(error, path) from error
    write_whole(path, (before + made + rest.partition(END)[2]).encode("utf-8"), overwrite=True)


def report(verdicts: Sequence[Verdict], folders: Sequence[Path]) -> str:
    """The numbers of each dialect, then a row for each file with something to say."""
    head = "| | files | compile | draw | no NaN | repeat | ends as it should | nothing wrong |"
    lines = [head, f"|---{'|---:' * 7}|"]
    for kind in dict.fromkeys(v.kind for v in verdicts):
        some = [v for v in verdicts if v.kind == kind]
        ends = [v for v in some if v.role == "transition"]
        counts = [
            len(some),
            sum(v.compiles for v in some),
            sum(v.draws for v in some),
            sum(v.finite and v.compiles for v in some),
            sum(v.deterministic is True for v in some),
        ]
        lawful = f"{sum(v.identity is True for v in ends)} of {len(ends)}" if ends else ""
        cells = [kind, *(str(c) for c in counts), lawful, str(sum(v.good for v in some))]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| file | compiles | draws | why not, or what to know |", "|---|---|---|---|"]
    for verdict in verdicts:
        said = [*([verdict.error] if verdict.error else []), *(n for n in verdict.notes if n not in verdict.error)]
        if said:
            words = "; ".join(shorten(s, folders) for s in said).replace("|", "\\|").replace("\n", " ")
            name = shorten(verdict.file, folders)
            lines.append(f"| {name} | {yes(verdict.compiles)} | {yes(verdict.draws and verdict.finite)} | {words} |")
    return "\n".join(lines)


def yes(value: bool) -> str:
    """For a table."""
    return "yes" if value else "no"


def shorten(text: str, folders: Sequence[Path]) -> str:
    """`text` without the folders that were judged."""
    for folder in folders:
        text = text.replace(f"{folder.resolve()}/", "").replace(f"{folder}/", "")
    return text
