"""The effort of a calibration that takes seconds."""

from sim.calibration.waves import Effort

EFFORT = Effort(first=32, later=16, waves=2, draws=16, repeats=2, apart_draws=16, steps=40)
