"""Which factors an output depends on, luck taken into account: plain arrays in (`indices`), indices with intervals out."""

from sim.methods.indices.analysis import METHODS, indices
from sim.methods.indices.emulator import Emulator
from sim.methods.indices.result import LEAST_Q2, Sensitivity

__all__ = ["LEAST_Q2", "METHODS", "Emulator", "Sensitivity", "indices"]
