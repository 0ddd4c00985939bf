"""The city before its first week (section 5), in the order of the text."""

from math import exp, floor, sqrt

from sim.world.rng import Draw

from .city import BAD, GOOD, SLOTS, Citizen, City, Crime, Encounter, Offender, Officer, Squad, clip, pulled, single
from .places import found_places, sum_exposures


def found(city: City, officers_per_1000_inhabitants: float, offenders_share: float, stated: dict[str, list[float]] | None) -> None:
    """Fill the tables of an empty city."""
    inhabitants = city.adults / city.parameters.population.adult_share
    officers = max(1, floor(inhabitants / 1000 * officers_per_1000_inhabitants + 0.5))
    offenders = max(1, floor(city.adults * offenders_share + 0.5))
    found_places(city, stated)
    found_squads(city, officers)
    found_officers(city, officers)
    found_offenders(city, offenders)
    found_citizens(city)
    sum_exposures(city)
    found_trust(city)
    city.crimes = [Crime() for _ in city.offenders]
    city.encounters = [Encounter() for _ in range(SLOTS * officers)]
    city.climate()


def found_squads(city: City, officers: int) -> None:
    """As many squads as the last officer's number asks for."""
    conduct = city.parameters.conduct
    squads = floor((officers - 1) / conduct.squad_size) + 1
    for s in range(squads):
        first, second = city.n(Draw.SQUAD_EFFECT, s, 0), city.n(Draw.SQUAD_EFFECT, s, 1)
        city.squads.append(Squad(effect=conduct.squad_sd * first, honesty_effect=conduct.squad_sd * city.mix(first, second)))


def found_officers(city: City, officers: int) -> None:
    """Dispositions, then conduct as the squads have settled it."""
    conduct, cells, a = city.parameters.conduct, city.width * city.height, city.parameters.conduct.contagion_weight
    for j in range(officers):
        squad, beat = floor(j / conduct.squad_size), j * cells // officers
        first, second = city.n(Draw.OFFICER_DEVIATION, j, 0), city.n(Draw.OFFICER_DEVIATION, j, 1)
        officer = Officer(
            squad=squad,
            beat=beat,
            cell=beat,
            deviation=city.squads[squad].effect + conduct.officer_sd * first,
            honesty_deviation=city.squads[squad].honesty_effect + conduct.officer_sd * city.mix(first, second),
            community=city.u(Draw.COMMUNITY_DUTY, j, 0) < city.parameters.community.share,
        )
        city.officers.append(officer)
    for officer in city.officers:
        total, honesty_total, members = 0.0, 0.0, 0
        for other in city.officers:
            if other.squad == officer.squad:
                total += other.deviation
                honesty_total += other.honesty_deviation
                members += 1
        officer.conduct = conduct.mean + (1 - a) * officer.deviation + a * (total / members)
        officer.honesty = conduct.honesty_mean + (1 - a) * officer.honesty_deviation + a * (honesty_total / members)


def found_offenders(city: City, offenders: int) -> None:
    """More homes in hard places, propensities very unequal, careers under way."""
    prior, closed = city.parameters.deterrence.prior_risk, city.parameters.offending.exit_rate == 0
    homes = sorted(city.home_of_offender(city.u(Draw.OFFENDER_HOME, k, 0)) for k in range(offenders))
    for k, home in enumerate(homes):
        offender = Offender(home=home, cell=home, propensity=city.propensity(city.n(Draw.PROPENSITY, k, 0)), perceived_risk=prior)
        offender.entered = 0 if closed else -city.career_weeks(city.u(Draw.CAREER, k, 0))
        offender.leaves = 30_000 if closed else city.career_weeks(city.u(Draw.CAREER, k, 1))
        city.offenders.append(offender)
    for officer in city.officers:
        city.offenders.append(Offender(home=officer.beat, cell=officer.beat, propensity=0.0, perceived_risk=prior, origin=1, leaves=30_000))


def found_citizens(city: City) -> None:
    """Homes, dispositions, exposures and lasting ways."""
    trust, r = city.parameters.trust, city.parameters.trust.disposition_correlation
    exposures = stop_exposures = 0.0
    for i in range(city.adults):
        z1, z2, z3, z4 = city.normals(Draw.PERSON, i, 0)
        z5, z6, _, _ = city.normals(Draw.PERSON, i, 1)
        fairness = trust.fairness_disposition_mean + trust.fairness_disposition_sd * z1
        both = r * z1 + sqrt(1 - r * r) * z2
        effectiveness = trust.effectiveness_disposition_mean + trust.effectiveness_disposition_sd * both
        home = i * len(city.cells) // city.adults
        if not city.cells[home].residents:
            exposures = stop_exposures = 0.0
        exposures += exp(city.parameters.offending.exposure_log_sd * z3)
        stop_exposures += exp(city.parameters.encounter.exposure_log_sd * z4)
        city.cells[home].residents.append(i)
        city.citizens.append(
            Citizen(
                home=home,
                fairness_disposition=clip(fairness, 0.01, 0.99),
                effectiveness_disposition=clip(effectiveness, 0.01, 0.99),
                exposure_cumulative=single(exposures),
                stop_exposure_cumulative=single(stop_exposures),
                reporting_propensity=single(z5),
                answering_style=single(z6),
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
        corrupt, unfair, fair = (city.felt(conduct, f) for conduct in range(3))
        # The chances that a mean citizen feels a mean stop to be good, and to be bad.
        q, b = (chances[2] * fair[felt] + chances[1] * unfair[felt] + chances[0] * corrupt[felt] for felt in (GOOD, BAD))
        up_f, down_f = heard * q * trust.contact_gain, heard * b * trust.contact_loss
        up_e, down_e = heard * q * trust.effectiveness_gain, heard * b * trust.effectiveness_loss
        down_e += victims * trust.victimization_loss
        f = (rate * trust.fairness_disposition_mean * (1 - w) + rate * w * f + up_f) / (rate + up_f + down_f)
        e = (rate * trust.effectiveness_disposition_mean * (1 - w) + rate * w * e + up_e) / (rate + up_e + down_e)
    for citizen in city.citizens:
        pull = city.cells[citizen.home].pull
        anchor_f = (1 - w) * pulled(citizen.fairness_disposition, pull) + w * f
        anchor_e = (1 - w) * pulled(citizen.effectiveness_disposition, pull) + w * e
        citizen.fairness = (rate * anchor_f + up_f) / (rate + up_f + down_f)
        citizen.effectiveness = (rate * anchor_e + up_e) / (rate + up_e + down_e)


def victims_a_week(city: City) -> float:
    """Crimes per adult-week with nobody watching, middling climate and prior risk."""
    total = 0.0
    for offender in city.offenders:
        total += city.chance_of_crime(offender, city.parameters.deterrence.prior_risk, 0, 0.5)
    return total / city.adults


def mean_chances_of_conduct(city: City) -> tuple[float, float, float]:
    """The chances of corrupt, unfair and fair conduct towards a stranger, averaged over officers."""
    corrupt = fair = 0.0
    for officer in city.officers:
        chances = city.chances_of_conduct(officer.conduct, officer.honesty)
        corrupt += chances[0]
        fair += chances[2]
    corrupt, fair = corrupt / len(city.officers), fair / len(city.officers)
    return corrupt, 1 - corrupt - fair, fair
