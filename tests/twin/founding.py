"""The city before its first week (section 5), in the order of the text."""

from math import exp, floor, sqrt

from sim.world.rng import Draw

from .city import SLOTS, Cell, Citizen, City, Crime, Encounter, Offender, Officer, Squad


def found(city: City, officers_per_1000_inhabitants: float, offenders_share: float) -> None:
    """Fill the tables of an empty city."""
    inhabitants = city.adults / city.parameters.population.adult_share
    officers = max(1, floor(inhabitants / 1000 * officers_per_1000_inhabitants + 0.5))
    offenders = max(1, floor(city.adults * offenders_share + 0.5))
    found_squads(city, officers)
    found_officers(city, officers)
    found_cells(city)
    found_offenders(city, offenders)
    found_citizens(city)
    found_trust(city)
    city.crimes = [Crime() for _ in city.offenders]
    city.encounters = [Encounter() for _ in range(SLOTS * officers)]
    city.climate()


def found_squads(city: City, officers: int) -> None:
    """As many squads as the last officer's number asks for."""
    conduct = city.parameters.conduct
    squads = floor((officers - 1) / conduct.squad_size) + 1
    city.squads = [Squad(effect=conduct.squad_sd * city.n(Draw.SQUAD_EFFECT, s, 0)) for s in range(squads)]


def found_officers(city: City, officers: int) -> None:
    """Dispositions, then conduct as the squads have settled it."""
    conduct, cells = city.parameters.conduct, city.width * city.height
    for j in range(officers):
        squad, beat = floor(j / conduct.squad_size), j * cells // officers
        deviation = city.squads[squad].effect + conduct.officer_sd * city.n(Draw.OFFICER_DEVIATION, j, 0)
        community = city.u(Draw.COMMUNITY_DUTY, j, 0) < city.parameters.community.share
        city.officers.append(Officer(squad=squad, beat=beat, cell=beat, deviation=deviation, community=community))
    for officer in city.officers:
        total, members = 0.0, 0
        for other in city.officers:
            if other.squad == officer.squad:
                total += other.deviation
                members += 1
        a = conduct.contagion_weight
        officer.conduct = conduct.mean + (1 - a) * officer.deviation + a * (total / members)


def found_cells(city: City) -> None:
    """Opportunity, which is also where the police first expect crime."""
    for c in range(city.width * city.height):
        opportunity = exp(city.parameters.offending.opportunity_log_sd * city.n(Draw.OPPORTUNITY, c, 0))
        city.cells.append(Cell(opportunity=opportunity, memory=opportunity))
    city.sum_memory()


def found_offenders(city: City, offenders: int) -> None:
    """Homes anywhere, propensities very unequal."""
    offending, prior = city.parameters.offending, city.parameters.deterrence.prior_risk
    homes = sorted(floor(city.u(Draw.OFFENDER_HOME, k, 0) * len(city.cells)) for k in range(offenders))
    for k, home in enumerate(homes):
        z = city.n(Draw.PROPENSITY, k, 0)
        propensity = exp(offending.propensity_log_mean + offending.propensity_log_sd * z)
        city.offenders.append(Offender(home=home, cell=home, propensity=propensity, perceived_risk=prior))
    for officer in city.officers:
        city.offenders.append(Offender(home=officer.beat, cell=officer.beat, propensity=0.0, perceived_risk=prior, origin=1))


def clip(x: float) -> float:
    """Cut a disposition to 0.01-0.99."""
    return min(max(x, 0.01), 0.99)


def found_citizens(city: City) -> None:
    """Homes, dispositions and exposure."""
    trust, r, exposures = city.parameters.trust, city.parameters.trust.disposition_correlation, 0.0
    for i in range(city.adults):
        z1, z2 = city.n(Draw.DISPOSITION, i, 0), city.n(Draw.DISPOSITION, i, 1)
        fairness = trust.fairness_disposition_mean + trust.fairness_disposition_sd * z1
        both = r * z1 + sqrt(1 - r * r) * z2
        effectiveness = trust.effectiveness_disposition_mean + trust.effectiveness_disposition_sd * both
        exposures += exp(city.parameters.offending.exposure_log_sd * city.n(Draw.EXPOSURE, i, 0))
        home = i * len(city.cells) // city.adults
        city.cells[home].residents.append(i)
        city.citizens.append(
            Citizen(
                home=home,
                fairness_disposition=clip(fairness),
                effectiveness_disposition=clip(effectiveness),
                exposure_cumulative=exposures,
            )
        )


def found_trust(city: City) -> None:
    """Each citizen's expectation in a mean-field stationary state."""
    trust, hearsay = city.parameters.trust, city.parameters.hearsay
    stops = len(city.officers) * city.parameters.encounter.stop_rate / city.adults
    heard = stops * (1 + hearsay.listeners * hearsay.fraction)
    victims = victims_a_week(city) * (1 + hearsay.listeners * hearsay.victimization_fraction)
    chances = mean_chances_of_conduct(city)
    rate, w = trust.relaxation_rate, trust.climate_weight
    f, e = trust.fairness_disposition_mean, trust.effectiveness_disposition_mean
    for _ in range(200):
        # The chance that a mean citizen feels a mean stop to be fair.
        q = chances[2] * city.felt(2, f) + chances[1] * city.felt(1, f) + chances[0] * city.felt(0, f)
        up_f, down_f = heard * q * trust.contact_gain, heard * (1 - q) * trust.contact_loss
        up_e, down_e = heard * q * trust.effectiveness_gain, heard * (1 - q) * trust.effectiveness_loss
        down_e += victims * trust.victimization_loss
        f = (rate * trust.fairness_disposition_mean * (1 - w) + rate * w * f + up_f) / (rate + up_f + down_f)
        e = (rate * trust.effectiveness_disposition_mean * (1 - w) + rate * w * e + up_e) / (rate + up_e + down_e)
    for citizen in city.citizens:
        anchor_f = (1 - w) * citizen.fairness_disposition + w * f
        anchor_e = (1 - w) * citizen.effectiveness_disposition + w * e
        citizen.fairness = (rate * anchor_f + up_f) / (rate + up_f + down_f)
        citizen.effectiveness = (rate * anchor_e + up_e) / (rate + up_e + down_e)


def victims_a_week(city: City) -> float:
    """Crimes per adult-week with nobody watching, middling climate and prior risk."""
    total = 0.0
    for offender in city.offenders:
        total += city.chance_of_crime(offender, city.parameters.deterrence.prior_risk, 0, 0.5)
    return total / city.adults


def mean_chances_of_conduct(city: City) -> list[float]:
    """The chances of corrupt, unfair and fair conduct, averaged over officers."""
    totals = [0.0, 0.0, 0.0]
    for officer in city.officers:
        for conduct, chance in enumerate(city.chances_of_conduct(officer.conduct + officer.training)):
            totals[conduct] += chance
    return [total / len(city.officers) for total in totals]
