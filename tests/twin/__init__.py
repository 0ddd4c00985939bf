"""The naive twin: docs/model.md written a second time, slowly, with plain Python objects. The oracle of the real model.

It shares nothing with the package but the enum of decisions and the values of parameters.
"""

from .answers import answers
from .twin import Twin

__all__ = ["Twin", "answers"]
