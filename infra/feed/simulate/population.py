"""The phones: home, SIM, how much they measure, and what a network's cells are like. Drawn once from the seed."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from infra.feed.simulate import places
from infra.feed.simulate.places import Areas, Sim
from infra.feed.simulate.reference import Floats, Integers

EVENTS_PER_PHONE_AND_DAY = 20
HOME_SHARE = 0.8
# Phones measure unequally: the sigma of a log-normal.
_ACTIVITY_SIGMA = 0.8
_BALANCING_ROUNDS = 10
_HOME_SPREAD_DEG = 0.012
_LANGUAGES = {"es": 0.58, "ca": 0.28, "en": 0.09}
# Share of measurements without service where nothing is broken (cellars, valleys): the mean is the slice's, in which
# 9 of 1,000 rows carry a label; the range over cells is ours.
_LOST_MEAN, _LOST_MIN, _LOST_MAX = 0.009, 0.001, 0.05


@dataclass(frozen=True)
class Population:
    """Arrays by phone: area and SIM as positions in `areas` and `sims`, `label` in `labels`, host in `hosts`."""

    seed: int
    areas: Areas
    sims: list[Sim]
    hosts: tuple[str, ...]
    labels: tuple[str, ...]
    home: Integers
    sim: Integers
    host: Integers
    label: Integers
    weight: Floats
    lat: Floats
    long: Floats
    # By area and host.
    signal_effect: Floats
    lost_share: Floats

    def __len__(self) -> int:
        return len(self.home)

    @cached_property
    def cumulative_weight(self) -> Floats:
        return np.cumsum(self.weight / self.weight.sum())

    @cached_property
    def by_province(self) -> tuple[Integers, Integers, Integers, Integers]:
        """Phones sorted by province; by phone: its province, and where that begins and ends among the sorted."""
        _, by_area = np.unique(self.areas.provinces, return_inverse=True)
        province = by_area[self.home]
        ordered = np.argsort(province, kind="stable")
        counts = np.bincount(province)
        ends = np.cumsum(counts)
        return ordered, province, (ends - counts)[province], ends[province]

    @cached_property
    def cell_shares(self) -> Floats:
        """Share of all measurements, by area and host: at home, and on visits within the province."""
        shape = (len(self.areas.codes), len(self.hosts))
        share = self.weight / self.weight.sum()
        at_home = np.zeros(shape)
        np.add.at(at_home, (self.home, self.host), share)
        visits = np.zeros(shape)
        _, province, _, _ = self.by_province
        for number in np.unique(province):
            inside = province == number
            visited = np.bincount(self.home[inside], minlength=shape[0]) / inside.sum()
            visits += np.outer(visited, np.bincount(self.host[inside], share[inside], minlength=shape[1]))
        return HOME_SHARE * at_home + (1 - HOME_SHARE) * visits

    def draw_phones(self, random: np.random.Generator, count: int) -> Integers:
        ranks = random.random(count)
        return np.minimum(np.searchsorted(self.cumulative_weight, ranks, side="right"), len(self) - 1)

    def draw_areas(self, random: np.random.Generator, phone: Integers) -> Integers:
        """Where each phone is: at home, or where another phone of its province lives."""
        ordered, _, first, end = self.by_province
        other = ordered[(first[phone] + random.random(len(phone)) * (end - first)[phone]).astype(np.int64)]
        return np.where(random.random(len(phone)) < HOME_SHARE, self.home[phone], self.home[other])

    def device_ids(self, day: str) -> list[str]:
        """Every phone's pseudonym on a day: nobody can follow it to the next without the salt."""
        salt = hashlib.blake2b(f"{self.seed}/{day}".encode(), digest_size=16).digest()
        return [
            hashlib.blake2b(phone.to_bytes(4), key=salt, digest_size=8).hexdigest() for phone in range(len(self.home))
        ]


def draw(seed: int, events_per_day: float) -> Population:
    random = np.random.default_rng([seed, 1])
    count = max(100, round(events_per_day / EVENTS_PER_PHONE_AND_DAY))
    areas, sims = places.areas(), places.sims()
    hosts = tuple(sorted({sim.host for sim in sims}))
    _, province = np.unique(areas.provinces, return_inverse=True)
    province_shares = np.bincount(province, areas.weights).astype(float)
    home = _stratified(random, areas.weights, count)
    sim = _stratified(random, np.array([sim.weight for sim in sims]), count)
    host = np.array([hosts.index(sim.host) for sim in sims])[sim]
    labels = places.service_loss_labels()
    rest = (1 - sum(_LANGUAGES.values())) / sum(language not in _LANGUAGES for _, language in labels)
    by_language = {name: share / sum(name == other for _, other in labels) for name, share in _LANGUAGES.items()}
    label_weights = np.array([by_language.get(language, rest) for _, language in labels])
    shape = (len(areas.codes), len(hosts))
    return Population(
        seed=seed,
        areas=areas,
        sims=sims,
        hosts=hosts,
        labels=tuple(text for text, _ in labels),
        home=home,
        sim=sim,
        host=host,
        label=_stratified(random, label_weights, count),
        weight=_balanced(
            random.lognormal(0, _ACTIVITY_SIGMA, count),
            (province[home], province_shares),
            (sim, np.array([sim.weight for sim in sims])),
        ),
        lat=areas.lat[home] + random.normal(0, _HOME_SPREAD_DEG, count),
        long=areas.long[home] + random.normal(0, _HOME_SPREAD_DEG, count),
        signal_effect=_standard(random.normal(size=shape), areas.weights[:, None] * np.bincount(host)[None, :]),
        lost_share=np.clip(random.gamma(2, _LOST_MEAN / 2, shape), _LOST_MIN, _LOST_MAX),
    )


def _balanced(weight: Floats, *groupings: tuple[Integers, Floats]) -> Floats:
    """Weights scaled so that each group of every grouping has its share of their sum, whoever is in it."""
    for _ in range(_BALANCING_ROUNDS):
        for group, shares in groupings:
            sums = np.bincount(group, weight, minlength=len(shares))
            weight = weight * (shares / np.where(sums > 0, sums, 1))[group]
    return weight


def _stratified(random: np.random.Generator, weights: Floats, count: int) -> Integers:
    """`count` draws in random order whose shares are the weights' as nearly as they can be."""
    ranks = (np.arange(count) + random.random(count)) / count
    drawn = np.searchsorted(np.cumsum(weights / weights.sum()), ranks, side="right")
    return random.permutation(np.minimum(drawn, len(weights) - 1))


def _standard(values: Floats, weights: Floats) -> Floats:
    """Shifted and scaled to a weighted mean of 0 and deviation of 1, so that the marginal stays the reference's."""
    mean = np.average(values, weights=weights)
    return (values - mean) / np.sqrt(np.average((values - mean) ** 2, weights=weights))
