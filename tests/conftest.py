"""What the tests share: where the real data and the models are, and how examples are made up."""

from __future__ import annotations

import gc
import os
import signal
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gpu_context import gpu
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from phosphene.engine.show.loop import Show

__all__ = ["gpu"]  # the fixture that gives every test the one GL context of its process

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("PHOSPHENE_TEST_DATA", ROOT.parent / "shared" / "data"))
# Models that no package carries lie beside the test data; the store looks there too, in every process that tests start.
os.environ.setdefault("PHOSPHENE_MODELS", str(DATA / "models"))
# A shell lets what it starts in the background ignore Ctrl-C; tests of it would wait for ever.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The same examples in every run, and none judged by how long it takes: the machine may be busy.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    max_examples=60,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")
BUDGET_S = 5.0  # what a test without the mark `slow` should not take on a quiet machine
NAMED = 15  # how many of those that do are named


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--fast`, which `dev.py test --fast` hands on."""
    parser.addoption("--fast", action="store_true", help="leave out the tests that take long (the mark `slow`)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what takes long where that is asked for."""
    if config.getoption("--fast"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("slow")])
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names the tests that took long without the mark. It judges nothing: on a busy machine it names innocent ones."""
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    over = over_budget([report for report in reports if isinstance(report, pytest.TestReport)])
    if over:
        terminalreporter.section(f"more than {BUDGET_S:g} s without the mark slow: {len(over)}")
        for name, seconds in over[:NAMED]:
            terminalreporter.write_line(f"{seconds:6.1f} s  {name}")


def over_budget(reports: Iterable[pytest.TestReport]) -> list[tuple[str, float]]:
    """The tests without the mark `slow` that took longer than they should, and their seconds, the longest first."""
    took: Counter[str] = Counter()
    for report in reports:
        if "slow" not in report.keywords:
            took[report.nodeid] += report.duration
    return [(name, seconds) for name, seconds in took.most_common() if seconds > BUDGET_S]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real clips and photos; the test is skipped where it is absent."""
    if not (DATA / "MANIFEST.tsv").is_file():
        pytest.skip(f"no test data at {DATA} (set PHOSPHENE_TEST_DATA to the folder that holds MANIFEST.tsv)")
    return DATA


@pytest.fixture(scope="session")
def models_ready() -> None:
    """The tracker models are in the cache; the test is skipped where they are absent."""
    from phosphene.engine.models import store as models

    missing = [m.name for m in models.MODELS.values() if m.default and not models.state(m.name).ready]
    if missing:
        pytest.skip(f"models not fetched: {', '.join(missing)} (run `phosphene models --fetch`)")


@pytest.fixture(scope="session")
def tensorflow() -> str:
    """The interpreter that has TensorFlow; the test is skipped where there is none."""
    from phosphene.engine.models.tensorflow import interpreter

    python = interpreter()
    if not python:
        pytest.skip("TensorFlow is not installed (extra `teach`, or PHOSPHENE_TENSORFLOW)")
    return python


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Python's cyclic collector rests."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def shows(monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Show]]:
    """Every show that is made from now on, none held."""
    from phosphene.engine.show import loop

    made: list[weakref.ref[Show]] = []

    class Seen(loop.Show):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            made.append(weakref.ref(self))

    monkeypatch.setattr(loop, "Show", Seen)
    return made
