"""MIDI: knobs, faders, pads and pedals change the show, and their lights and motors follow it."""
