"""What the figures of a decision and of discoveries say, in English."""

from sim.style import language

WORDS = language("en").figure("plots_decision")
