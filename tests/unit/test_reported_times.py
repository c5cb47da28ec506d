"""Real files with every fault of time stamps: pictures, times, lengths and sync against what ffmpeg and ffprobe give.

The table was made with `ffmpeg -i FILE -vf showinfo -f null -` (count, first and last `pts_time`) and the duration of
the last packet by `ffprobe -show_packets`. Where ffmpeg is installed, every single time stamp is compared with it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import DATA, ROOT
from helpers_sync import beeps, length_s, pictures, through
from phosphene.engine.audio.file_sound import FileSound
from phosphene.engine.core.errors import SourceError
from phosphene.engine.sources import open_source
from phosphene.engine.sources.decoder import Decoder
from phosphene.engine.sources.media import MediaPlayer
from phosphene.engine.sources.video import open_moving

FOLDER = DATA / "reported" / "video"
pytestmark = [pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no clips in {FOLDER}"), pytest.mark.slow]


class Clip(NamedTuple):
    """`last_s`: the last picture's time, `end_s`: its end, from the first picture on; `flash_s`, `beep_s`: begins."""

    count: int
    last_s: float
    end_s: float
    flash_s: tuple[float, ...] = (0.0, 1.0, 2.0)
    beep_s: tuple[float, ...] = (0.0, 1.0, 2.0)


CLIPS = {
    "base.mp4": Clip(90, 2.9667, 3.0),
    "r_concat.mkv": Clip(90, 2.967, 3.0),
    "r_join_aac.ts": Clip(90, 2.9667, 3.0),
    "r_join_mute.ts": Clip(90, 2.9667, 3.0, beep_s=()),
    "r_size.ts": Clip(90, 2.9667, 3.0, beep_s=()),
    "r_size_aac.ts": Clip(90, 2.9453, 2.9787, (0.0, 0.979, 1.979), (0.0, 0.979, 1.979)),
    "t_res.ts": Clip(92, 3.0333, 3.0667, (0.0, 1.0, 2.067), (0.0, 1.0, 2.067)),
    "t_23976.mp4": Clip(72, 2.9613, 3.003, (0.0, 1.001, 2.002), (0.0, 1.001, 2.002)),
    "t_8k.mov": Clip(90, 2.9667, 3.0),
    "t_alate.mp4": Clip(90, 2.9667, 3.0, beep_s=(1.0, 2.0)),
    "t_vlate.mp4": Clip(90, 2.9667, 3.0),
    "t_vlate.mkv": Clip(90, 2.967, 3.0),
    "t_along.mp4": Clip(90, 2.9667, 3.0),
    "t_ashort.mp4": Clip(90, 2.9667, 3.0, beep_s=(0.0, 1.0)),
    "t_vfr.mp4": Clip(8, 2.6, 4.0, (0.0, 1.0), (0.0, 1.0, 2.0, 3.0)),
    "t_slides.mp4": Clip(2, 2.0, 5.0, (0.0,), (0.0, 1.0, 2.0, 3.0, 4.0)),
    "t_still5s.mp4": Clip(1, 0.0, 5.0, (0.0,), (0.0, 1.0, 2.0, 3.0, 4.0)),
    "t_last.gif": Clip(4, 0.5, 2.5, (), ()),
    "t_last.png": Clip(4, 0.5, 2.5, (), ()),
    "t_last.webp": Clip(4, 0.5, 2.5, (), ()),
    "t_cover1st.mp4": Clip(90, 2.9667, 3.0),
    "t_edit.mp4": Clip(69, 2.2667, 2.3, (0.7 - 0.4, 1.3), (0.3, 1.3)),
    "u_audio.mp4": Clip(32, 1.0333, 1.0667, (0.0, 1.0), (0.0, 1.0)),
}
each_clip = pytest.mark.parametrize("name", CLIPS)


def clip_of(name: str) -> Path:
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"no {path}")
    return path


@each_clip
def test_every_picture_comes_at_its_time(name: str) -> None:
    wanted = CLIPS[name]
    with open_source(str(clip_of(name))) as source:
        times = [frame.time_s for frame in iter(source.read, None)]
        assert source.end_s == pytest.approx(wanted.end_s, abs=0.0011)  # type: ignore[attr-defined]
    assert len(times) == wanted.count
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(wanted.last_s, abs=0.0011)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
@pytest.mark.parametrize("name", [name for name in CLIPS if not name.endswith(".webp")])  # which FFmpeg cannot decode
def test_every_time_stamp_is_that_of_ffmpeg(name: str) -> None:
    command = ["ffmpeg", "-nostdin", "-v", "info", "-i", str(clip_of(name)), "-vf", "showinfo", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    theirs = [float(found) for found in re.findall(r"showinfo.*pts_time:([-0-9.]+)", done.stderr)]
    with Decoder(clip_of(name)) as decoder:
        ours = [moment for moment, _ in decoder]
    assert ours == pytest.approx([moment - theirs[0] for moment in theirs], abs=0.0011)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".mov"])
@each_clip
def test_what_is_written_is_whole_and_in_sync(tmp_path: Path, name: str, suffix: str) -> None:
    """As many pictures, at the same times, the last one as long; flash and beep within 10 ms; sound to the end."""
    wanted, made = CLIPS[name], tmp_path / f"made{suffix}"
    through(clip_of(name), made)
    times, flashes = pictures(made)
    assert len(times) == wanted.count
    assert times[-1] - times[0] == pytest.approx(wanted.last_s, abs=0.0015)
    assert flashes == pytest.approx(wanted.flash_s, abs=0.0025)
    if suffix in (".mp4", ".mov") or not wanted.beep_s:
        assert length_s(made) == pytest.approx(wanted.end_s, abs=0.0021)
    if not wanted.beep_s:
        return
    heard, _, end = beeps(made)
    heard = heard[: len(wanted.beep_s)]
    if suffix == ".mkv" and wanted.beep_s[0] == 0.0:
        # copied sound that begins with the picture lacks its run-in, which in Matroska would delay the picture instead
        assert heard[0] == pytest.approx(0.0, abs=0.02)
        heard[0] = 0.0
    assert heard == pytest.approx(wanted.beep_s, abs=0.01)
    if name not in ("t_ashort.mp4", "u_audio.mp4"):
        assert wanted.end_s - 0.045 <= end <= wanted.end_s + 0.13  # a packet more where it was copied or padded


@pytest.mark.parametrize("name", ["t_8k.mov", "t_old.avi", "t_alac.mov", "t_imaqt.mov", "t_clip.wmv", "t_mp3.mkv"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_sound_encoded_anew_ends_with_the_picture(tmp_path: Path, name: str, suffix: str) -> None:
    clip = clip_of(name)
    through(clip, made := tmp_path / f"made{suffix}")
    with FileSound(clip) as sound:
        loud = [k for k in range(300) if abs(sound.block((k + 1) / 100, 0.01)).max() > 0.25]
    with FileSound(made) as sound:
        found = [k for k in range(300) if abs(sound.block((k + 1) / 100, 0.01)).max() > 0.25]
    assert set(loud) ^ set(found) <= {k + d for k in loud for d in (-1, 0, 1)} if name != "t_mp3.mkv" else loud
    assert found[-1] == pytest.approx(loud[-1], abs=1)
    _, _, end = beeps(made)
    assert end > (2.95 if name != "t_8k.mov" else 2.99)


@pytest.mark.parametrize(
    "name", ["t_last.gif", "t_last.png", "t_last.webp", "t_vfr.mp4", "t_slides.mp4", "t_still5s.mp4"]
)
def test_the_last_picture_lasts_at_a_fixed_rate_too(name: str) -> None:
    with open_source(str(clip_of(name)), fps=20) as source:
        times = [frame.time_s for frame in iter(source.read, None)]
    assert len(times) == round(CLIPS[name].end_s * 20)


@pytest.mark.parametrize("name", ["t_last.gif", "t_last.png", "t_last.webp", "t_vfr.mp4", "t_slides.mp4"])
def test_the_last_picture_lasts_in_a_gif(tmp_path: Path, name: str) -> None:
    through(clip_of(name), made := tmp_path / "made.gif")
    with open_moving(made) as decoder:
        assert len(list(decoder)) == CLIPS[name].count
        assert decoder.end_s == pytest.approx(CLIPS[name].end_s, abs=0.011)


@pytest.mark.parametrize(
    "name", ["t_last.gif", "t_last.webp", "t_vfr.mp4", "r_join_mute.ts", "r_concat.mkv", "t_res.ts"]
)
def test_media_in_scenes_loop_after_the_last_pictures_end(name: str) -> None:
    wanted = CLIPS[name]
    with MediaPlayer(clip_of(name)) as player, open_moving(clip_of(name)) as decoder:
        assert player.duration_s == pytest.approx(wanted.end_s, abs=0.0011)
        shown = list(decoder)
        for at in (0.0, wanted.last_s + 0.01, wanted.last_s * 0.7, 0.2, wanted.end_s * 7 + wanted.last_s * 0.6):
            within = at % (player.duration_s or 1.0)
            right = [pixels for moment, pixels in shown if moment <= within + 1e-6][-1]
            assert (player.at(at) == right).all()


@pytest.mark.parametrize(
    ("name", "codec"),
    [("u_codec.mp4", "zzz1"), ("u_codec.mkv", "V_MPEG4/ISO/XYZ"), ("u_fourcc.avi", "XYZW"), ("i.jxl", "JPEG XL")],
)
def test_a_picture_that_cannot_be_decoded_names_its_codec(name: str, codec: str) -> None:
    with pytest.raises(SourceError, match=f"no decoder.*{codec}|{codec}.*no decoder") as told:
        open_source(str(clip_of(name)))
    assert told.value.hint
    assert "\n" not in told.value.message


def test_sound_that_cannot_be_decoded_is_left_out_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clip = clip_of("u_audio.mkv")
    with open_source(str(clip)) as source:
        assert source.audio_path is None  # type: ignore[attr-defined]
    with pytest.raises(SourceError, match="A_XYZ"):
        FileSound(clip)
    assert len(through(clip, tmp_path / "a.mp4")) == 32
    assert not [r for r in caplog.records if "damaged" in r.message]


@pytest.mark.parametrize("name", ["t_cover.mp3", "t_cover.m4a"])
def test_a_songs_cover_is_no_video(name: str) -> None:
    with pytest.raises(SourceError, match="no video"):
        open_source(str(clip_of(name)))
    with FileSound(clip_of(name)) as sound:
        assert sound.block(1.04, 0.04).any()


@pytest.mark.parametrize("name", ["r_concat.mkv", "r_join_aac.ts", "t_vfr.mp4", "t_last.gif"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_a_whole_command(tmp_path: Path, name: str, suffix: str) -> None:
    wanted, made = CLIPS[name], tmp_path / f"made{suffix}"
    command = [sys.executable, "main.py", "run", "duotone", "--input", str(clip_of(name)), "--output", str(made)]
    command += ["--set", "camera/duotone.amount=0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    times, _ = pictures(made)
    assert len(times) == wanted.count
    assert times[-1] == pytest.approx(wanted.last_s, abs=0.0015)
    if suffix == ".mp4":
        assert length_s(made) == pytest.approx(wanted.end_s, abs=0.0021)
