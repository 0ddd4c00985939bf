"""Citizens who settle without being visited.

Drift is linear, so a citizen's fairness is

    tide of the home street + anchor + fade x gap

where the tide takes up the street's climate week by week, `anchor = (1 - climate_weight) x disposition`,
`fade = (1 - relaxation_rate) ^ weeks` is the same for everybody, and the gap changes only when something happens to the
citizen. A street's mean trust follows from sums that events and drift both move. The week's cost is that of its events
and of a few operations a street. The price: the ledger knows the sum of drift, not the sum of its absolute values, and
relaxation_rate and climate_weight cannot be among the changes of parameters.
"""

from bisect import bisect

from mesa_city import Citizen, City, Street


class QuietStreet(Street):
    """A street that carries its residents' drift: tides, and sums of trust and of dispositions."""

    def open(self, opportunity):
        """As `Street.open`, before any resident has moved in."""
        super().open(opportunity)
        self.fairness_tide = self.effectiveness_tide = 0.0
        self.fairness_sum = self.effectiveness_sum = 0.0
        self.fairness_pull = self.effectiveness_pull = 0.0


class QuietCitizen(Citizen):
    """A citizen whose trust is worked out when somebody asks."""

    def __init__(self, model, home, dispositions, trust):
        super().__init__(model, home, dispositions)
        kept = 1.0 - model.p.trust.climate_weight
        self.fairness_anchor, self.effectiveness_anchor = (kept * value for value in dispositions)
        self.fairness_gap = trust[0] - self.fairness_anchor
        self.effectiveness_gap = trust[1] - self.effectiveness_anchor
        home.fairness_sum += trust[0]
        home.effectiveness_sum += trust[1]
        home.fairness_pull += self.fairness_anchor
        home.effectiveness_pull += self.effectiveness_anchor

    @property
    def fairness(self):
        """Trust in the fairness of the police, 0-1."""
        return self.home.fairness_tide + self.fairness_anchor + self.model.fade * self.fairness_gap

    @property
    def effectiveness(self):
        """Trust in the effectiveness of the police, 0-1."""
        return self.home.effectiveness_tide + self.effectiveness_anchor + self.model.fade * self.effectiveness_gap

    def shift_fairness(self, weight, goal, book):
        """Close a share `weight` of the gap between fairness and `goal` (0 or 1), and book the change."""
        home, fade = self.home, self.model.fade
        change = weight * (goal - home.fairness_tide - self.fairness_anchor - fade * self.fairness_gap)
        self.fairness_gap += change / fade
        home.fairness_sum += change
        book[0] += change
        book[1] += abs(change)

    def shift_effectiveness(self, weight, goal, book):
        """Close a share `weight` of the gap between effectiveness and `goal` (0 or 1), and book the change."""
        home, fade = self.home, self.model.fade
        change = weight * (goal - home.effectiveness_tide - self.effectiveness_anchor - fade * self.effectiveness_gap)
        self.effectiveness_gap += change / fade
        home.effectiveness_sum += change
        book[2] += change
        book[3] += abs(change)


class QuietCity(City):
    """A city of quiet citizens, with the ledger of their trust."""

    street_class, citizen_class = QuietStreet, QuietCitizen

    def __init__(self, *args, **kwargs):
        self.fade = 1.0
        super().__init__(*args, **kwargs)
        causes = ("contact", "hearsay", "victimization", "response", "drift")
        self.ledger = {cause: [0.0, 0.0, 0.0, 0.0] for cause in causes}  # fairness, |fairness|, effectiveness, |effectiveness|
        self.take_climate()

    def take_climate(self):
        """Mean trust of each street's residents."""
        w = self.p.trust.effectiveness_weight
        for street in self.streets:
            number = len(street.residents)
            street.climate_fairness = street.fairness_sum / number
            street.climate_effectiveness = street.effectiveness_sum / number
            street.climate = (1.0 - w) * street.climate_fairness + w * street.climate_effectiveness

    def settle(self):
        """All citizens drift, by way of their streets' tides."""
        self.take_climate()
        rate, c = self.p.trust.relaxation_rate, self.p.trust.climate_weight
        book, keep = self.ledger["drift"], 1.0 - rate
        self.fade *= keep
        for street in self.streets:
            street.fairness_tide = keep * street.fairness_tide + rate * c * street.climate_fairness
            street.effectiveness_tide = keep * street.effectiveness_tide + rate * c * street.climate_effectiveness
            change = rate * (street.fairness_pull + (c - 1.0) * street.fairness_sum)
            street.fairness_sum += change
            book[0] += change
            change = rate * (street.effectiveness_pull + (c - 1.0) * street.effectiveness_sum)
            street.effectiveness_sum += change
            book[2] += change

    def survey(self):
        """As `City.survey`, without a function call a citizen."""
        p, w, fade = self.p.survey, self.p.trust.effectiveness_weight, self.fade
        cuts = p.lower_cut, p.middle_cut, p.upper_cut
        errors = iter(self.rng.normal(0.0, p.response_error_sd, len(self.citizens)).tolist())
        answers = [0, 0, 0, 0]
        for street in self.streets:
            tide = (1.0 - w) * street.fairness_tide + w * street.effectiveness_tide
            for citizen in street.residents:
                fairness = citizen.fairness_anchor + fade * citizen.fairness_gap
                effectiveness = citizen.effectiveness_anchor + fade * citizen.effectiveness_gap
                answers[bisect(cuts, tide + (1.0 - w) * fairness + w * effectiveness + next(errors))] += 1
        return answers
