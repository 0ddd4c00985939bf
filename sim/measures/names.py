"""One quantity has one name in files, studies and tables: that of its measure.

Counts and sums that no measure takes as they are keep names of their own: `crimes` a week beside the rate `incidence`, `money_spent` in a
week beside `cost`, which is all that was spent so far.
"""

# Columns of the model's own record and of its surveys, and what they are called in files.
CALLED = {
    "trust": "mean_trust", "fairness": "mean_fairness", "effectiveness": "mean_effectiveness", "conduct": "mean_conduct",
    "honesty": "mean_honesty", "training": "course_behavior", "knowledge": "course_knowledge", "attitude": "course_attitude",
    "active_officers": "officers_in_service", "free_offenders": "offenders_free",
    "unsafe": "perceived_insecurity", "contacted": "contact_rate_half_year",
}  # fmt: skip


def called(name: str) -> str:
    """The name of a quantity in files."""
    return CALLED.get(name, name)


def hint(name: object) -> str:
    """A sentence for who uses the name of such a column; else empty.

    >>> hint("trust"), hint("mean_trust")
    ("'trust' is called mean_trust.", '')
    """
    return f"'{name}' is called {CALLED[name]}." if isinstance(name, str) and name in CALLED else ""
