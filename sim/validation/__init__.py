"""Validation: how a fitted model stands against every pattern, against years and places it was not fitted to, and with mechanisms off.

`patterns` of `sim.measures.patterns` say what is wanted, `sim.instruments` measure; here they meet the draws of a posterior. Nothing is tuned.
"""
