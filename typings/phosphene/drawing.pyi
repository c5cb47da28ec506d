from engine.effect.drawing import blur as blur
from engine.effect.drawing import colorize as colorize
from engine.effect.drawing import fill_polygon as fill_polygon
from engine.effect.drawing import resample_path as resample_path
from engine.effect.drawing import stroke_path as stroke_path
