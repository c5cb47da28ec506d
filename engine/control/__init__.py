"""What changes a running show from outside: keys, programs, and one file a way in, all by one desk and one queue.

Every change of a parameter is put into the queue by any thread, checked by the parameter's own declaration, and applied
between two frames by the thread that draws. The room imports the rooms up to sinks. Its ways in own their threads: each
names them in its own file.
"""

from __future__ import annotations

from ..core.backends import Backend, Backends

_HERE = __name__

# By the option that opens each: `--NAME VALUE`. A new way in is a file, a line here, and an option in show/options.py.
CONTROLS: Backends[Backend] = Backends(
    "control",
    (
        Backend("panel", "a page in the browser of this machine, and HTTP for programs", f"{_HERE}.panel:PanelControl"),
        Backend("osc", "Open Sound Control by UDP, with answers", f"{_HERE}.osc:OscControl"),
        Backend("midi", "knobs, faders, pads and pedals, with feedback", f"{_HERE}.midi.control:MidiControl"),
        Backend("tracks", "what is tracked, as OSC and JSON", f"{_HERE}.tracks:TracksControl"),
        Backend("vmc", "bones and expressions for avatar programs", f"{_HERE}.vmc:VmcControl"),
    ),
)
