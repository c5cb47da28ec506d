from engine.effect.drawing import along as along
from engine.effect.drawing import blurred as blurred
from engine.effect.drawing import filled as filled
from engine.effect.drawing import painted as painted
from engine.effect.drawing import tapered as tapered
