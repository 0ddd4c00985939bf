"""Two ways of keeping citizens' trust for `mesa_events`: everybody settles every week, or nobody does until asked.

**Eager**: one tight loop over all citizens a week. It does all the work of docs/model.md, the whole ledger included.

**Lazy**: drift is linear, so a citizen's fairness is

    tide of the home street + reach of the home street x disposition + fade x gap

where the tide takes up the street's climate and the reach takes up how far its place and the years let dispositions come, week by
week; `fade`, the product of `1 - relaxation_rate` over the weeks, is the same for everybody, and the gap changes only when something
happens to the citizen. A pull that changes is no exception, because each week's goes into tide and reach as it is. A street's mean
trust follows from sums that events and drift both move. A week costs what its events cost, and a few operations a street.

The ledger has drift and trends by street, as docs/model.md says, so that both keep the same books.
"""

from bisect import bisect

from mesa_city import City
from mesa_people import Citizen, pulled
from mesa_places import Street

CAUSES = ("contact", "hearsay", "victimization", "response", "drift", "trend")


class BookedCity(City):
    """A city with a ledger: per cause the sums of changes of fairness, |fairness|, effectiveness and |effectiveness|."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ledger = {cause: [0.0, 0.0, 0.0, 0.0] for cause in CAUSES}
        self.take_climate()

    def hearsay_weights(self):
        """Weights of fairness in hearing of an encounter felt good, and of one felt bad; and what is left of any effect by hearsay."""
        trust, fraction = self.p.trust, self.p.hearsay.fraction
        return fraction * trust.contact_gain, fraction * trust.contact_loss, fraction

    def booked_changes(self):
        """Book how each street's residents are about to drift, trends apart from the rest; the changes of their two sums, by street."""
        trust, drift, trend = self.p.trust, self.ledger["drift"], self.ledger["trend"]
        kept = trust.relaxation_rate * (1.0 - trust.climate_weight)
        for street in self.streets:
            number, changes = len(street.residents), []
            fairness = 0, street.fairness_dispositions, street.climate_fairness
            effectiveness = 2, street.effectiveness_dispositions, street.climate_effectiveness
            for side, dispositions, mean in (fairness, effectiveness):
                settled = pulled(dispositions, street.place_pull, number)
                of_drift = kept * (settled - number * mean)
                of_trend = kept * (pulled(dispositions, street.pull, number) - settled)
                drift[side] += of_drift
                drift[side + 1] += abs(of_drift)
                trend[side] += of_trend
                trend[side + 1] += abs(of_trend)
                changes.append(of_drift + of_trend)
            yield street, *changes


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
        gain, loss, fraction = self.hearsay_weights()
        uniform, number = self.random.random, self.p.hearsay.listeners
        fairness, fairness_moved, effectiveness, effectiveness_moved = self.ledger["hearsay"]
        for teller, felt, weight, goal in self.encounters:
            fairness_weight, effectiveness_weight = gain if felt else loss, fraction * weight
            streets = teller.home.earshot
            for _ in range(int(number + uniform())):
                residents = streets[int(uniform() * len(streets))].residents
                listener = residents[int(uniform() * len(residents))]
                if listener is teller:
                    continue
                change = fairness_weight * (felt - listener.fairness)
                listener.fairness += change
                fairness += change
                fairness_moved += abs(change)
                change = effectiveness_weight * (goal - listener.effectiveness)
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
        keep, kept = 1.0 - rate, rate * (1.0 - c)
        for street, *_ in self.booked_changes():
            weight, lift = kept * (1.0 - abs(street.pull)), kept * max(street.pull, 0.0)
            fairness_lift = lift + rate * c * street.climate_fairness
            effectiveness_lift = lift + rate * c * street.climate_effectiveness
            for citizen in street.residents:
                citizen.fairness = keep * citizen.fairness + weight * citizen.fairness_disposition + fairness_lift
                citizen.effectiveness = keep * citizen.effectiveness + weight * citizen.effectiveness_disposition + effectiveness_lift


class LazyStreet(Street):
    """A street that carries its residents' drift: tides, the reach of dispositions, and sums of trust."""

    def open(self, *fields):
        """As `Street.open`, before any resident has moved in."""
        super().open(*fields)
        self.fairness_tide = self.effectiveness_tide = self.reach = 0.0
        self.fairness_sum = self.effectiveness_sum = 0.0


class LazyCitizen(Citizen):
    """A citizen whose trust is worked out when somebody asks."""

    def __init__(self, model, home, dispositions, trust):
        super().__init__(model, home, dispositions)
        self.fairness_gap, self.effectiveness_gap = trust
        home.fairness_sum += trust[0]
        home.effectiveness_sum += trust[1]

    @property
    def fairness(self):
        """Trust in the fairness of the police, 0-1."""
        return self.home.fairness_tide + self.home.reach * self.fairness_disposition + self.model.fade * self.fairness_gap

    @property
    def effectiveness(self):
        """Trust in the effectiveness of the police, 0-1."""
        return self.home.effectiveness_tide + self.home.reach * self.effectiveness_disposition + self.model.fade * self.effectiveness_gap

    def shift_fairness(self, weight, goal, book):
        """Close a share `weight` of the gap between fairness and `goal` (0 or 1), and book the change."""
        change = weight * (goal - self.fairness)
        self.fairness_gap += change / self.model.fade
        self.home.fairness_sum += change
        book[0] += change
        book[1] += abs(change)

    def shift_effectiveness(self, weight, goal, book):
        """Close a share `weight` of the gap between effectiveness and `goal` (0 or 1), and book the change."""
        change = weight * (goal - self.effectiveness)
        self.effectiveness_gap += change / self.model.fade
        self.home.effectiveness_sum += change
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
        """All citizens drift, by way of their streets."""
        self.take_climate()
        rate, c = self.p.trust.relaxation_rate, self.p.trust.climate_weight
        keep, kept = 1.0 - rate, rate * (1.0 - c)
        self.fade *= keep
        for street, fairness_change, effectiveness_change in self.booked_changes():
            lift = kept * max(street.pull, 0.0)
            street.reach = keep * street.reach + kept * (1.0 - abs(street.pull))
            street.fairness_tide = keep * street.fairness_tide + lift + rate * c * street.climate_fairness
            street.effectiveness_tide = keep * street.effectiveness_tide + lift + rate * c * street.climate_effectiveness
            street.fairness_sum += fairness_change
            street.effectiveness_sum += effectiveness_change

    def tell_encounters(self):
        """Listeners hear of the week's encounters; `shift` inlined, which halves the time of the hottest loop."""
        gain, loss, fraction = self.hearsay_weights()
        uniform, fade, number = self.random.random, self.fade, self.p.hearsay.listeners
        fairness, fairness_moved, effectiveness, effectiveness_moved = self.ledger["hearsay"]
        for teller, felt, weight, goal in self.encounters:
            fairness_weight, effectiveness_weight = gain if felt else loss, fraction * weight
            streets = teller.home.earshot
            for _ in range(int(number + uniform())):
                street = streets[int(uniform() * len(streets))]
                residents = street.residents
                listener = residents[int(uniform() * len(residents))]
                if listener is teller:
                    continue
                level = street.fairness_tide + street.reach * listener.fairness_disposition + fade * listener.fairness_gap
                change = fairness_weight * (felt - level)
                listener.fairness_gap += change / fade
                street.fairness_sum += change
                fairness += change
                fairness_moved += abs(change)
                level = street.effectiveness_tide + street.reach * listener.effectiveness_disposition + fade * listener.effectiveness_gap
                change = effectiveness_weight * (goal - level)
                listener.effectiveness_gap += change / fade
                street.effectiveness_sum += change
                effectiveness += change
                effectiveness_moved += abs(change)
        self.ledger["hearsay"][:] = fairness, fairness_moved, effectiveness, effectiveness_moved

    def survey(self):
        """As `City.survey`, without a function call a citizen."""
        p, w, fade = self.p.survey, self.p.trust.effectiveness_weight, self.fade
        cuts, style = (p.lower_cut, p.middle_cut, p.upper_cut), p.style_sd
        errors = iter(self.rng.normal(0.0, p.response_error_sd, len(self.citizens)).tolist())
        answers = [0, 0, 0, 0]
        for street in self.streets:
            tide, reach = (1.0 - w) * street.fairness_tide + w * street.effectiveness_tide, street.reach
            for citizen in street.residents:
                fairness = reach * citizen.fairness_disposition + fade * citizen.fairness_gap
                effectiveness = reach * citizen.effectiveness_disposition + fade * citizen.effectiveness_gap
                trust = tide + (1.0 - w) * fairness + w * effectiveness
                answers[bisect(cuts, trust + style * citizen.answering_style + next(errors))] += 1
        return answers
