"""Two ways of keeping citizens' trust for `mesa_events`: everybody settles every week, or nobody does until asked.

**Eager**: one tight loop over all citizens a week. It does all the work of docs/model.md, the whole ledger included.

**Lazy**: drift is linear, so a citizen's fairness is

    tide of the home street + anchor + fade x gap

where the tide takes up the street's climate week by week, `anchor = (1 - climate_weight) x disposition`,
`fade = (1 - relaxation_rate) ^ weeks` is the same for everybody, and the gap changes only when something happens to the
citizen. A street's mean trust follows from sums that events and drift both move. A week costs what its events cost, and a
few operations a street. The price: the ledger knows the sum of drift but not the sum of its absolute values, and
relaxation_rate and climate_weight cannot be among the changes of parameters.
"""

from bisect import bisect

from mesa_city import Citizen, City, Street

CAUSES = ("contact", "hearsay", "victimization", "response", "drift")


class BookedCity(City):
    """A city with a ledger: per cause the sums of changes of fairness, |fairness|, effectiveness and |effectiveness|."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ledger = {cause: [0.0, 0.0, 0.0, 0.0] for cause in CAUSES}
        self.take_climate()

    def hearsay_weights(self):
        """Weights of fairness and effectiveness in hearing of a fair, and of an unfair, encounter."""
        trust, fraction = self.p.trust, self.p.hearsay.fraction
        gains = fraction * trust.contact_gain, fraction * trust.effectiveness_gain
        return gains, (fraction * trust.contact_loss, fraction * trust.effectiveness_loss)


class EagerCitizen(Citizen):
    """A citizen with trust as plain attributes."""

    def __init__(self, model, home, dispositions, trust):
        super().__init__(model, home, dispositions)
        self.fairness, self.effectiveness = trust

    def shift_fairness(self, weight, goal, book):
        """Close a share `weight` of the gap between fairness and `goal` (0 or 1), and book the change."""
        change = weight * (goal - self.fairness)
        self.fairness += change
        book[0] += change
        book[1] += abs(change)

    def shift_effectiveness(self, weight, goal, book):
        """Close a share `weight` of the gap between effectiveness and `goal` (0 or 1), and book the change."""
        change = weight * (goal - self.effectiveness)
        self.effectiveness += change
        book[2] += change
        book[3] += abs(change)


class EagerCity(BookedCity):
    """A city whose citizens all settle every week."""

    citizen_class = EagerCitizen

    def tell_encounters(self):
        """Listeners hear of the week's encounters."""
        gains, losses = self.hearsay_weights()
        uniform, number = self.random.random, self.p.hearsay.listeners
        fairness, fairness_moved, effectiveness, effectiveness_moved = self.ledger["hearsay"]
        for teller, fair in self.encounters:
            fairness_weight, effectiveness_weight = gains if fair else losses
            streets = teller.home.earshot
            for _ in range(int(number + uniform())):
                residents = streets[int(uniform() * len(streets))].residents
                listener = residents[int(uniform() * len(residents))]
                if listener is teller:
                    continue
                change = fairness_weight * (fair - listener.fairness)
                listener.fairness += change
                fairness += change
                fairness_moved += abs(change)
                change = effectiveness_weight * (fair - listener.effectiveness)
                listener.effectiveness += change
                effectiveness += change
                effectiveness_moved += abs(change)
        self.ledger["hearsay"][:] = fairness, fairness_moved, effectiveness, effectiveness_moved

    def take_climate(self):
        """Mean trust of each street's residents."""
        w = self.p.trust.effectiveness_weight
        for street in self.streets:
            residents = street.residents
            street.climate_fairness = sum([citizen.fairness for citizen in residents]) / len(residents)
            street.climate_effectiveness = sum([citizen.effectiveness for citizen in residents]) / len(residents)
            street.climate = (1.0 - w) * street.climate_fairness + w * street.climate_effectiveness

    def mean_trust(self):
        """Mean fairness and effectiveness of all citizens."""
        adults = len(self.citizens)
        return sum([c.fairness for c in self.citizens]) / adults, sum([c.effectiveness for c in self.citizens]) / adults

    def settle(self):
        """All citizens drift, in one loop."""
        self.take_climate()
        rate, c = self.p.trust.relaxation_rate, self.p.trust.climate_weight
        own = rate * (1.0 - c)
        fairness, fairness_moved, effectiveness, effectiveness_moved = self.ledger["drift"]
        for street in self.streets:
            fairness_pull, effectiveness_pull = rate * c * street.climate_fairness, rate * c * street.climate_effectiveness
            for citizen in street.residents:
                change = own * citizen.fairness_disposition + fairness_pull - rate * citizen.fairness
                citizen.fairness += change
                fairness += change
                fairness_moved += change if change > 0.0 else -change
                change = own * citizen.effectiveness_disposition + effectiveness_pull - rate * citizen.effectiveness
                citizen.effectiveness += change
                effectiveness += change
                effectiveness_moved += change if change > 0.0 else -change
        self.ledger["drift"][:] = fairness, fairness_moved, effectiveness, effectiveness_moved


class LazyStreet(Street):
    """A street that carries its residents' drift: tides, and sums of trust and of dispositions."""

    def open(self, opportunity):
        """As `Street.open`, before any resident has moved in."""
        super().open(opportunity)
        self.fairness_tide = self.effectiveness_tide = 0.0
        self.fairness_sum = self.effectiveness_sum = 0.0
        self.fairness_pull = self.effectiveness_pull = 0.0


class LazyCitizen(Citizen):
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


class LazyCity(BookedCity):
    """A city whose citizens settle without being visited."""

    street_class, citizen_class = LazyStreet, LazyCitizen

    def __init__(self, *args, **kwargs):
        self.fade = 1.0
        super().__init__(*args, **kwargs)

    def take_climate(self):
        """Mean trust of each street's residents."""
        w = self.p.trust.effectiveness_weight
        for street in self.streets:
            number = len(street.residents)
            street.climate_fairness = street.fairness_sum / number
            street.climate_effectiveness = street.effectiveness_sum / number
            street.climate = (1.0 - w) * street.climate_fairness + w * street.climate_effectiveness

    def mean_trust(self):
        """Mean fairness and effectiveness of all citizens."""
        adults = len(self.citizens)
        sums = [(street.fairness_sum, street.effectiveness_sum) for street in self.streets]
        return tuple(sum(column) / adults for column in zip(*sums, strict=True))

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

    def tell_encounters(self):
        """Listeners hear of the week's encounters; `shift` inlined, which halves the time of the hottest loop."""
        gains, losses = self.hearsay_weights()
        uniform, fade, number = self.random.random, self.fade, self.p.hearsay.listeners
        fairness, fairness_moved, effectiveness, effectiveness_moved = self.ledger["hearsay"]
        for teller, fair in self.encounters:
            fairness_weight, effectiveness_weight = gains if fair else losses
            streets = teller.home.earshot
            for _ in range(int(number + uniform())):
                street = streets[int(uniform() * len(streets))]
                residents = street.residents
                listener = residents[int(uniform() * len(residents))]
                if listener is teller:
                    continue
                change = fairness_weight * (fair - street.fairness_tide - listener.fairness_anchor - fade * listener.fairness_gap)
                listener.fairness_gap += change / fade
                street.fairness_sum += change
                fairness += change
                fairness_moved += abs(change)
                level = street.effectiveness_tide + listener.effectiveness_anchor + fade * listener.effectiveness_gap
                change = effectiveness_weight * (fair - level)
                listener.effectiveness_gap += change / fade
                street.effectiveness_sum += change
                effectiveness += change
                effectiveness_moved += abs(change)
        self.ledger["hearsay"][:] = fairness, fairness_moved, effectiveness, effectiveness_moved

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
