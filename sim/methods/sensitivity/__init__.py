"""Which factors an output depends on, luck taken into account: plain arrays in (`indices`), indices with intervals out."""

from sim.methods.sensitivity.analysis import METHODS, indices
from sim.methods.sensitivity.emulator import Emulator
from sim.methods.sensitivity.result import LEAST_Q2, Sensitivity

__all__ = ["LEAST_Q2", "METHODS", "Emulator", "Sensitivity", "indices"]
