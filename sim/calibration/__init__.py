"""Calibration: which values of the uncertain parameters agree with what is known of a place, and what is left open."""
