"""What a place is like, and what it adds to the trust of those who live there."""

from math import sqrt

from sim.world.compiled import rule


@rule
def place_value(smooth: float, own: float, smooth_share: float) -> float:
    """How hard living in a place is, in standard deviations over places.

    smooth        what it shares with the places around it
    own           what it shares with none
    smooth_share  share of the variance that is smooth   (places.smooth_share)

    Source: assumed (two standardized fields, mixed by their variances).

    >>> place_value(2.0, -1.0, 1.0), place_value(2.0, -1.0, 0.0)
    (2.0, -1.0)
    """
    return sqrt(smooth_share) * smooth + sqrt(1.0 - smooth_share) * own


@rule
def pulled(disposition: float, pull: float) -> float:
    """The trust to which somebody returns who lives in such a place, or at such a time.

    disposition  the person's own, 0-1
    pull         above 0 the share of the gap to full trust that is closed, below 0 the share of trust that is taken; -1 to 1

    Source: assumed. A share, and no sum, so that trust cannot leave 0-1; it is linear in the disposition.

    >>> pulled(0.6, 0.5), pulled(0.6, -0.5), pulled(0.6, 0.0)
    (0.8, 0.3, 0.6)
    """
    return disposition * (1.0 - abs(pull)) + max(pull, 0.0)
