"""Validation: how a fitted model stands against every pattern, against years and places it was not fitted to, and with mechanisms off.

`sim.inputs.patterns` says what is wanted, `sim.instruments` measures; here they meet the draws of a posterior. Nothing is tuned.
"""
