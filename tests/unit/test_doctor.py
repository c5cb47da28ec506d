"""doctor: each check with a machine that has the thing and one that has not."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from phosphene.engine.commands import doctor
from phosphene.engine.commands.doctor import devices as cams
from phosphene.engine.commands.doctor import driver_probe as probe
from phosphene.engine.core.places import CACHE_FOLDER
from phosphene.engine.models import store as models

ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    return doctor.run(parser.parse_args(arguments))


def use(monkeypatch: pytest.MonkeyPatch, *found: doctor.Check) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (lambda: list(found),))


GOOD = doctor.Check("thing", "ok", "all is well")
NOTE = doctor.Check("extra", "note", "not there")
BAD = doctor.Check("other", "not ok", "is gone", "bring it back")


@pytest.mark.parametrize(("found", "code"), [((GOOD,), 0), ((GOOD, NOTE), 0), ((GOOD, BAD), 1)])
def test_the_exit_code_says_whether_something_needed_is_missing(
    monkeypatch: pytest.MonkeyPatch, found: tuple[doctor.Check, ...], code: int
) -> None:
    use(monkeypatch, *found)
    assert call() == code


def test_the_screen_has_one_line_a_check_and_the_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, GOOD, NOTE, BAD)
    call()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "note", "not", "next:", "1"]
    assert "bring it back" in lines[3]


def test_json_holds_what_the_screen_shows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, BAD)
    assert call("--json") == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown == [{"name": "other", "status": "not ok", "detail": "is gone", "next_step": "bring it back"}]
    call("--json", str(tmp_path / "found.json"))
    assert json.loads((tmp_path / "found.json").read_text("utf-8")) == shown


def test_colour_only_where_asked() -> None:
    assert "\x1b[" not in doctor.screen([BAD], colour=False)
    assert "\x1b[1;31mnot ok\x1b[0m" in doctor.screen([BAD], colour=True)


def test_this_python_will_do() -> None:
    assert doctor.python()[0].status == "ok"


def test_an_old_python_will_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    assert doctor.python()[0].status == "not ok"


def test_ranges_leave_out_extras_and_other_systems() -> None:
    lines = ["av==18.1.0", 'pytest>=9.2.0; extra == "dev"', "rich>=15", 'x==1; sys_platform == "win32"']
    assert doctor.parse_ranges(lines) == {"av": "==18.1.0", "rich": ">=15"}


def test_the_projects_own_ranges_are_found() -> None:
    assert {"numpy", "moderngl", "mediapipe"} <= set(doctor.wanted_versions())


@pytest.mark.parametrize(
    ("version", "wanted", "does"),
    [
        ("18.1.0", ">=18.1.0,<19", True),
        ("18.10", ">=18.1.0,<19", True),
        ("19.0", ">=18.1.0,<19", False),
        ("18.0.9", ">=18.1.0,<19", False),
        ("", ">=18.1.0,<19", False),
        ("", "", False),
        ("1", "", True),
    ],
)
def test_a_version_fits_a_range(version: str, wanted: str, does: bool) -> None:
    assert doctor.fits(version, wanted) is does


def fake_packages(monkeypatch: pytest.MonkeyPatch, have: dict[str, str], wanted: dict[str, str]) -> list[doctor.Check]:
    monkeypatch.setattr(doctor, "installed", lambda name: {"packaging": "26.3", **have}.get(name, ""))
    monkeypatch.setattr(doctor, "wanted_versions", lambda: wanted)
    return doctor.packages()


def test_packages_that_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = fake_packages(monkeypatch, {"av": "1.5"}, {"av": ">=1,<2"})
    assert check.status == "ok"


def test_a_package_in_another_version_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = fake_packages(monkeypatch, {"av": "2"}, {"av": ">=1,<2", "rich": "==3"})
    assert check.status == "not ok"
    assert "av 2 (needs >=1,<2)" in check.detail
    assert "rich missing" in check.detail
    assert check.next_step.endswith('pip install "av>=1,<2" "rich==3"')


def test_what_reads_the_versions_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    (check,) = fake_packages(monkeypatch, {"packaging": ""}, {"av": ">=1,<2"})
    assert (check.status, check.detail) == ("not ok", "packaging missing")


def test_two_opencvs_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    have = {"opencv-python": "5", "opencv-contrib-python": "5"}
    checks = fake_packages(monkeypatch, have, {"opencv-contrib-python": ">=5,<6"})
    assert [c.status for c in checks] == ["ok", "not ok"]


def answer(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]) -> None:
    monkeypatch.setattr(doctor, "probe", lambda what: found)


def test_gl_on_a_card_and_in_software(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"renderer": "Card 9000", "version": "4.6", "software": False}
    answer(monkeypatch, found)
    assert "processor" not in doctor.gl()[0].detail
    answer(monkeypatch, {**found, "software": True})
    assert "processor" in doctor.gl()[0].detail


@pytest.mark.parametrize("system", ["linux", "win32", "darwin", "freebsd14"])
def test_no_gl_says_what_to_install(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    answer(monkeypatch, {"error": "libEGL.so not loaded"})
    monkeypatch.setattr(sys, "platform", system)
    (check,) = doctor.gl()
    assert check.status == "not ok"
    assert check.next_step


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import os; os.abort()", "crashed"),
        ("print('no json')", "crashed with code 0"),
        ("import time; time.sleep(60)", "no answer"),
    ],
)
def test_a_crashing_or_hanging_driver_does_not_take_doctor_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, said: str
) -> None:
    folder = tmp_path / "engine" / "commands" / "doctor"
    folder.mkdir(parents=True)
    (folder / "driver_probe.py").write_text(script)
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    assert said in doctor.probe("gl", 2.0 if "sleep" in script else 60.0)["error"]


@pytest.mark.gl
def test_the_probe_finds_a_context_here() -> None:
    found = doctor.probe("gl")
    if "error" in found:
        pytest.skip(f"no OpenGL here: {found['error']}")
    assert found["renderer"]


def test_the_probe_knows_the_encoders() -> None:
    assert {"libx264", "libvpx-vp9", "prores_ks"} <= set(doctor.probe("av")["encoders"])


def test_a_probe_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(probe, "gl", lambda: 1 / 0)
    assert probe.main("gl") == 0
    assert json.loads(capsys.readouterr().out) == {"error": "ZeroDivisionError: division by zero"}


def test_missing_h264_is_not_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, {"version": "1", "encoders": ["ffv1"]})
    assert doctor.encoders()[0].status == "not ok"
    answer(monkeypatch, {"version": "1", "encoders": ["ffv1", "libx264"]})
    assert doctor.encoders()[0].status == "ok"


@pytest.mark.parametrize(("env", "status"), [({}, "note"), ({"DISPLAY": ":1"}, "ok"), ({"WAYLAND_DISPLAY": "w"}, "ok")])
def test_display(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], status: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert doctor.display()[0].status == status


def test_missing_default_models_are_not_ok(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CACHE_FOLDER, str(tmp_path))
    monkeypatch.delenv(models.USER_FOLDER, raising=False)
    checks = doctor.tracker_models()
    assert {c.status for c in checks} == {"not ok"}
    assert len(checks) == sum(m.default for m in models.MODELS.values())
    assert all(c.next_step.startswith("phosphene models --fetch") for c in checks)


def test_a_damaged_optional_model_is_not_ok(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CACHE_FOLDER, str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "hand_landmarker.task").write_bytes(b"half")
    assert any("hand_landmarker" in c.detail for c in doctor.tracker_models())


def test_the_cache_is_measured_though_it_does_not_exist_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CACHE_FOLDER, str(tmp_path / "not" / "yet"))
    (check,) = doctor.disk()
    assert check.status == "ok"
    assert not (tmp_path / "not").exists()


def test_little_room_is_noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CACHE_FOLDER, str(tmp_path))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: SimpleNamespace(free=1e6))
    assert doctor.disk()[0].status == "note"


# ------------------------------------------------------------------------------------------------------------- cameras

WEBCAM = cams.Device(Path("/dev/video0"), "Webcam", "uvcvideo", captures=True)
METADATA = cams.Device(Path("/dev/video1"), "Webcam", "uvcvideo")
LOOPBACK = cams.Device(Path("/dev/video2"), "Phosphene", cams.LOOPBACK_DRIVER, captures=True, takes=True)
FORBIDDEN = cams.Device(Path("/dev/video3"), "Locked", problem="Permission denied", forbidden=True)
GONE = cams.Device(Path("/dev/video4"), "Gone", problem="No such device")


def test_cameras_are_named_without_metadata_nodes_and_virtual_ones() -> None:
    rows = cams.linux_cameras([WEBCAM, METADATA, LOOPBACK])
    assert rows == [("camera", "ok", "/dev/video0 Webcam", "")]


def test_what_a_camera_offers_and_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    offers = [cams.Offer("YUYV", 640, 480, 30.0), cams.Offer("MJPG", 1280, 720, 30.0)]
    monkeypatch.setattr(cams, "list_offers", lambda path: offers if path == "/dev/video0" else [])
    rows = cams.linux_cameras([WEBCAM, LOOPBACK], size=(640, 480), fps=15.0)
    assert [row[:3] for row in rows] == [
        ("camera", "ok", "/dev/video0 Webcam"),
        ("camera formats", "ok", "up to MJPG 1280x720 at 30, up to YUYV 640x480 at 30"),
        ("camera mode", "ok", "YUYV 640x480 at 30 for 640x480 at 15: as asked"),
    ]
    assert "MJPG 1280x720 at 30 for 1280x720 at 30: as asked" in cams.linux_cameras([WEBCAM])[2][2]
    offers[:] = [cams.Offer("H264", 640, 480, 30.0)]
    assert cams.linux_cameras([WEBCAM])[1][1] == "not ok"


def test_a_camera_that_may_not_be_opened_says_the_command() -> None:
    ((_, status, _, step),) = cams.linux_cameras([FORBIDDEN])
    assert status == "not ok"
    assert "video" in step


def test_a_camera_that_went_away_is_a_note() -> None:
    assert [row[1] for row in cams.linux_cameras([GONE])] == ["note"]


def test_no_camera_is_only_a_note() -> None:
    assert [row[1] for row in cams.linux_cameras([])] == ["note"]


def test_the_nodes_are_read_from_sysfs_in_order(tmp_path: Path) -> None:
    for number in (10, 2):
        (tmp_path / "sys" / f"video{number}").mkdir(parents=True)
        (tmp_path / "sys" / f"video{number}" / "name").write_text(f"camera {number}\n")
    (tmp_path / "sys" / "v4l-subdev0").mkdir()
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "video2").write_text("an ordinary file, which answers no ioctl")
    found = cams.v4l2_devices(tmp_path / "sys", tmp_path / "dev")
    assert [device.name for device in found] == ["camera 2", "camera 10"]
    assert all(device.problem for device in found)
    assert cams.v4l2_devices(tmp_path / "nowhere") == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions work differently here")
def test_a_forbidden_node_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "sys" / "video0").mkdir(parents=True)
    monkeypatch.setattr(cams.os, "open", refuse)
    (device,) = cams.v4l2_devices(tmp_path / "sys", tmp_path)
    assert device.forbidden
    assert device.name == "video0"


def test_macos_names(monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.dumps({"SPCameraDataType": [{"_name": "FaceTime HD"}, {"_name": "iPhone"}]})
    monkeypatch.setattr(cams, "_listed", lambda command: said)
    assert cams.cameras("darwin") == [("cameras", "ok", "FaceTime HD, iPhone", "")]


def test_windows_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cams, "_listed", lambda command: "Integrated Camera\r\n\r\n")
    assert cams.cameras("win32") == [("cameras", "ok", "Integrated Camera", "")]


@pytest.mark.parametrize("platform", ["darwin", "win32"])
@pytest.mark.parametrize("said", [None, ""])
def test_no_answer_or_no_camera_elsewhere(monkeypatch: pytest.MonkeyPatch, platform: str, said: str | None) -> None:
    empty = "{}" if platform == "darwin" and said is not None else said
    monkeypatch.setattr(cams, "_listed", lambda command: empty)
    assert [row[1] for row in cams.cameras(platform)] == ["note"]


def test_a_lister_that_is_not_there_gives_nothing() -> None:
    assert cams._listed(["a-program-that-is-nowhere"]) is None
    assert cams._listed([sys.executable, "-c", "raise SystemExit(3)"]) is None
    assert (cams._listed([sys.executable, "-c", "print('x')"]) or "").strip() == "x"


def test_virtual_camera_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cams, "v4l2_devices", lambda: [WEBCAM])
    assert [row[1] for row in cams.virtual_cameras(False, "linux")] == ["note"]
    assert "v4l2loopback" in cams.virtual_cameras(False, "linux")[0][3]
    monkeypatch.setattr(cams, "v4l2_devices", lambda: [WEBCAM, LOOPBACK])
    assert cams.virtual_cameras(False, "linux") == [("virtual camera", "ok", "/dev/video2 Phosphene", "")]


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_virtual_camera_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str) -> None:
    monkeypatch.setattr(cams, "OBS_PLACES", {platform: (tmp_path / "obs",)})
    assert "OBS" in cams.virtual_cameras(True, platform)[0][3]
    (tmp_path / "obs").mkdir()
    assert "pyvirtualcam" in cams.virtual_cameras(False, platform)[0][3]
    assert cams.virtual_cameras(True, platform)[0][1] == "ok"


def test_doctor_loads_nothing_heavy_into_its_own_process() -> None:
    code = (
        "import sys; from phosphene.engine.commands import doctor as d; [c() for c in d.CHECKS];"
        "heavy = {'cv2', 'mediapipe', 'av', 'moderngl', 'glfw', 'tensorflow'} & set(sys.modules);"
        "sys.exit(' '.join(sorted(heavy)) or 0)"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_tensorflow_of_another_environment_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PHOSPHENE_TENSORFLOW", sys.executable)
    assert doctor.extras()[0].status == "ok"
    monkeypatch.setenv("PHOSPHENE_TENSORFLOW", str(tmp_path / "none"))
    assert "which does not exist" in doctor.extras()[0].detail
