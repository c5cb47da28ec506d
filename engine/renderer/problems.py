"""What is wrong in a running scene, and how an error becomes a problem that names the author's line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..core.errors import PhospheneError
from ..core.problem import Problem
from ..core.source_lines import location_of_error
from ..effect.effect import Effect
from ..effect.origin import file_of
from ..glsl.dialects import is_shader


class Problems(Mapping[str, Problem]):
    """The problems of one scene by address, in the order in which they first appeared."""

    def __init__(self) -> None:
        self._by_address: dict[str, Problem] = {}

    def report(self, problem: Problem) -> bool:
        """Keeps `problem` until it is cleared; returns whether it is news."""
        if problem.like(self._by_address.get(problem.address)):
            return False
        self._by_address[problem.address] = problem
        return True

    def clear(self, address: str) -> None:
        """The problem at `address` is gone."""
        self._by_address.pop(address, None)

    def clear_effects(self) -> None:
        """The problems of all effects are gone."""
        for address in [a for a in self._by_address if "/" in a]:
            self.clear(address)

    def __getitem__(self, address: str) -> Problem:
        return self._by_address[address]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_address)

    def __len__(self) -> int:
        return len(self._by_address)


def problem_of(address: str, error: BaseException, effect: Effect | None = None, since_s: float = 0.0) -> Problem:
    """`error` as the problem of the part at `address`; what an effect's own Python does wrong names its line."""
    file = None if effect is None or isinstance(error, PhospheneError) else file_of(type(effect))
    where = "" if file is None or is_shader(file) else location_of_error(error, file)
    return Problem.of(address, error, where=where, since_s=since_s)


def format_error(error: BaseException, effect: Effect | None = None) -> str:
    """An error as it is reported to people; what an effect's own Python does wrong with its file and line."""
    return str(problem_of("", error, effect))
