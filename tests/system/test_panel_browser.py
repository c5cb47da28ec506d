"""The page in a real Chromium: what is done there happens in the engine and in the picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helpers_browser
import pytest
from helpers_waiting import PATIENCE_S, wait_until

import phosphene

pytest.importorskip("aiohttp")
playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.gl,
    pytest.mark.slow,
    pytest.mark.skipif(helpers_browser.chromium() is None, reason="no Chromium here"),
]

INKED = """title = "Inked"
doc = "Two inks."
[[layer]]
source = "camera"
effects = [{ use = "duotone", amount = 0.0, ink = "#000000", paper = "#00ff00" }]
"""
OTHER = INKED.replace("Inked", "Other").replace("#00ff00", "#ff0000")
DOT = """from phosphene import Effect, Point


class Dot(Effect):
    \"\"\"A white dot.\"\"\"

    place = Point((0.5, 0.5), "where it is")
    glsl = "vec4 effect(vec2 uv) { return distance(uv, place) < 0.1 ? vec4(1.0) : frame(uv); }"
"""
DOTTED = """[[layer]]
source = "camera"
effects = [{ use = "dot" }]
"""
AMOUNT = "camera/duotone.amount"
ROW = f'[data-address="{AMOUNT}"]'
SHOWN = "Number(document.getElementById('picture').dataset.shown || 0)"
# The mean of red and of green in the picture.
MEANS = """() => {
    const canvas = document.getElementById('picture');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let red = 0, green = 0;
    for (let i = 0; i < data.length; i += 4) { red += data[i]; green += data[i + 1]; }
    return [red * 4 / data.length, green * 4 / data.length];
}"""
MS = PATIENCE_S * 1000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=helpers_browser.chromium(), args=["--no-sandbox"])
        yield found
        found.close()


class Studio:
    """A show with a page, and what is needed to open it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for name, text in (("inked", INKED), ("other", OTHER)):
            (folder / f"{name}.toml").write_text(text)
        self.scenes = [str(folder / "inked.toml"), str(folder / "other.toml")]
        self._capsys = capsys
        self.errors: list[str] = []
        self.show = self.begin("0")

    def begin(self, port: str) -> phosphene.LiveShow:
        """A show at this port."""
        show = phosphene.run(
            self.scenes, input="demo", outputs=(), pace="live", size=(320, 180), transition_s=0.1, panel=port
        )
        self.address = self._capsys.readouterr().out.removeprefix("studio: ").strip()
        return show


@pytest.fixture
def studio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Studio]:
    made = Studio(tmp_path, capsys)
    yield made
    made.show.stop()
    assert made.errors == []


def opened(browser: Any, studio: Studio, width: int = 1280, height: int = 900) -> Any:
    """The page, once it shows the picture. What fails in its scripts fails the test."""
    page = browser.new_page(viewport={"width": width, "height": height}, locale="en-GB")
    page.set_default_timeout(MS)
    page.on("pageerror", lambda error: studio.errors.append(str(error)))
    page.goto(studio.address)
    page.wait_for_selector("#waiting", state="hidden")
    return page


def test_a_slider_changes_the_value_and_the_picture(browser: Any, studio: Studio) -> None:
    page = opened(browser, studio)
    before = page.evaluate(MEANS)
    page.locator(f"{ROW} .slider").fill("1")
    wait_until(lambda: studio.show.get(AMOUNT) == 1.0)
    wait_until(lambda: page.evaluate(MEANS)[0] < before[0] / 3)  # only black and green are left
    page.locator(f"{ROW} .number").fill("9")
    page.locator(f"{ROW} .number").press("Enter")
    page.wait_for_selector(f"{ROW} .wrong:has-text('expected a number 0 … 1')")
    assert studio.show.get(AMOUNT) == 1.0
    page.close()


def test_a_colour_and_a_choice_are_set(browser: Any, studio: Studio) -> None:
    page = opened(browser, studio)
    page.locator('[data-address="camera/duotone.paper"] .hex').fill("#0000ff")
    page.locator('[data-address="camera/duotone.paper"] .hex').press("Enter")
    wait_until(lambda: studio.show.get("camera/duotone.paper") == (0.0, 0.0, 1.0, 1.0))
    page.locator("summary:has-text('Layer')").click()
    page.locator('[data-address="camera/blend"] label:has-text("screen")').last.click()
    wait_until(lambda: studio.show.get("camera/blend") == "screen")
    page.close()


def test_a_click_changes_the_scene(browser: Any, studio: Studio) -> None:
    page = opened(browser, studio)
    page.locator("#find-scene").fill("other")
    page.locator(".card").click()
    page.wait_for_selector(".card[aria-pressed=true]:has-text('Other')")
    assert studio.show.scene == "other"
    page.close()


def test_a_parameter_follows_a_signal_and_is_let_go(browser: Any, studio: Studio) -> None:
    page = opened(browser, studio)
    page.locator(f"{ROW} [aria-haspopup]").click()
    page.locator("#find-follow").fill("lfo.1")
    page.locator(".choice:has-text('lfo.1')").click()
    page.locator("#low").fill("0.5")
    page.locator("#bind").click()
    page.wait_for_selector(f"{ROW} .bound:has-text('lfo.1')")
    wait_until(lambda: studio.show.get(AMOUNT) >= 0.5)
    first = page.locator(f"{ROW} .number").input_value()
    wait_until(lambda: page.locator(f"{ROW} .number").input_value() != first)
    page.locator(f"{ROW} .bound button").click()
    page.wait_for_selector(f"{ROW} .bound", state="hidden")
    page.close()


def test_a_point_is_dragged_on_the_picture(browser: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dot.py").write_text(DOT)
    (tmp_path / "dotted.toml").write_text(DOTTED)
    with phosphene.run(
        tmp_path / "dotted.toml", input="demo", outputs=(), pace="live", size=(320, 180), effects=tmp_path, panel="0"
    ) as show:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(MS)
        page.goto(capsys.readouterr().out.removeprefix("studio: ").strip())
        page.wait_for_selector("#waiting", state="hidden")
        page.locator('[data-address="camera/dot.place"] [aria-pressed]').click()
        box = page.locator("#picture").bounding_box()
        handle = page.locator(".handle").bounding_box()
        page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"], steps=4)
        page.mouse.up()
        wait_until(lambda: show.get("camera/dot.place") == pytest.approx((0.25, 0.75), abs=0.02))
        page.locator(".handle").press("ArrowRight")
        wait_until(lambda: show.get("camera/dot.place")[0] > 0.255)
        page.close()


def test_two_browsers_agree(browser: Any, studio: Studio) -> None:
    first, second = opened(browser, studio), opened(browser, studio)
    first.locator(f"{ROW} .slider").fill("0.5")
    wait_until(lambda: second.locator(f"{ROW} .slider").input_value() == "0.5")
    for page in (first, second):
        page.close()


def test_a_phone_has_everything_in_its_width(browser: Any, studio: Studio) -> None:
    page = opened(browser, studio, 390, 844)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#tab-signals").click()
    page.wait_for_selector("#meters li:has-text('lfo.4')")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.close()


def test_the_keyboard_alone_suffices(browser: Any, studio: Studio) -> None:
    page = opened(browser, studio)

    def reach(selector: str) -> None:
        """By the Tab key."""
        for _ in range(80):
            if page.evaluate(f"document.activeElement?.matches({selector!r})"):
                return
            page.keyboard.press("Tab")
        pytest.fail(f"the Tab key does not reach {selector}")

    reach(f"{ROW.replace(chr(34), '')} .slider".replace(f"={AMOUNT}", f'="{AMOUNT}"'))
    page.keyboard.press("End")
    wait_until(lambda: studio.show.get(AMOUNT) == 1.0)
    page.locator("#language").focus()
    reach('[data-scene="other"]')
    page.keyboard.press("Enter")
    wait_until(lambda: studio.show.scene == "other")
    page.close()


def test_a_connection_is_lost_and_regained(browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers_panel import Played
    from phosphene.engine.control import panel_guard
    from phosphene.engine.control.panel import PanelControl

    monkeypatch.setattr(panel_guard.secrets, "token_urlsafe", lambda _: "the-same-token-of-both")
    played = Played("duotone")
    page = browser.new_page()
    page.set_default_timeout(MS)
    page.goto(played.panel.address)
    page.wait_for_selector("#link.on")
    played.panel.close()
    page.wait_for_selector("#link.off")
    played.panel = PanelControl(str(played.panel.port), played.desk)
    page.wait_for_selector("#link.on")
    page.locator(f"{ROW} .slider").fill("0.25")
    wait_until(lambda: played.amount() == 0.25)
    page.close()
    played.end()


def test_another_show_at_the_same_address_says_what_to_do(browser: Any, studio: Studio) -> None:
    page = opened(browser, studio)
    page.evaluate("sessionStorage.setItem('token', 'of-another-show')")
    page.reload()
    page.wait_for_selector("#link:has-text('Open the address')")
    page.close()


def test_quit_ends_the_show(browser: Any, studio: Studio) -> None:
    page = opened(browser, studio)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#quit").click()
    page.wait_for_selector("#link:has-text('ended')")
    wait_until(lambda: not studio.show.running)
    page.close()
