"""The coefficients by name, and which ones suit which answers."""

from collections.abc import Callable, Mapping, Sequence

from label_config.answers import Regions, Segment, Span
from label_config.model import Family

from ..records import CodedAnswers, Estimate
from . import complex as distributions
from . import gamma as alignments
from . import unitized
from .case import ORDERED, Case, Geometry
from .categorical import brennan_prediger, cohen_kappa, conger_kappa, fleiss_kappa, gwet_ac1, gwet_ac2, scott_pi
from .correlation import icc_1, icc_1k, icc_a1, icc_ak, icc_c1, icc_ck
from .resampling import Quantity, Rng, Statistic, estimates
from .undefined import NO_PAIRS, NO_UNITS, ONE_LABEL, Undefined

Coefficient = Callable[[Case], Quantity | Estimate]
"""A case -> what is to be estimated of it; raises Undefined where there is nothing."""


def percent_agreement(case: Case) -> Quantity:
    """Mean over pairs of answers to one task of 1 - distance, in [0, 1], pooled over tasks with two or more."""
    return over(case.geometry, case.geometry.percent)


def krippendorff_alpha(case: Case) -> Quantity:
    """Krippendorff's alpha (2011) over the control's distance."""
    return over(case.geometry, case.geometry.alpha)


def over(geometry: Geometry, statistic: Statistic) -> Quantity:
    """A number over the tasks with two answers or more; raises Undefined without one."""
    if not geometry.groups.paired:
        raise Undefined(NO_PAIRS)
    return Quantity(geometry.groups, statistic, geometry.groups.paired, ONE_LABEL)


def alpha_u(case: Case) -> Estimate:
    """Krippendorff's unitized alpha (Krippendorff, Mathet, Bouvry and Widlöcher 2016) of spans and segments."""
    return _of_units(case, "alpha_u", unitized.alpha_u)


def gamma(case: Case) -> Estimate:
    """Gamma (Mathet, Widlöcher and Métivier 2015) of spans and segments."""
    return _of_units(case, "gamma", alignments.gamma)


def _of_units(case: Case, name: str, compute: Callable[[CodedAnswers, Rng, int, float], Estimate]) -> Estimate:
    if case.control.per_region or case.control.family != Family.REGIONS:
        raise Undefined(NO_UNITS)
    return compute(case.evidence.coded, case.seeded[name], case.method.bootstrap, case.method.confidence)


def sigma(case: Case) -> Estimate:
    """Sigma (Braylan, Alonso and Lease 2022) over the control's distance."""
    return _of_distances(case, "sigma", distributions.sigma)


def ks(case: Case) -> Estimate:
    """KS (Braylan, Alonso and Lease 2022) over the control's distance."""
    return _of_distances(case, "ks", distributions.ks)


def _of_distances(
    case: Case, name: str, compute: Callable[[distributions.Distances, Rng, int, float], Estimate]
) -> Estimate:
    return compute(case.distances, case.seeded[name], case.method.bootstrap, case.method.confidence)


COEFFICIENTS: Mapping[str, Coefficient] = {
    "percent_agreement": percent_agreement,
    "krippendorff_alpha": krippendorff_alpha,
    "fleiss_kappa": fleiss_kappa,
    "cohen_kappa": cohen_kappa,
    "conger_kappa": conger_kappa,
    "scott_pi": scott_pi,
    "gwet_ac1": gwet_ac1,
    "gwet_ac2": gwet_ac2,
    "brennan_prediger": brennan_prediger,
    "icc_1": icc_1,
    "icc_a1": icc_a1,
    "icc_c1": icc_c1,
    "icc_1k": icc_1k,
    "icc_ak": icc_ak,
    "icc_ck": icc_ck,
    "alpha_u": alpha_u,
    "gamma": gamma,
    "sigma": sigma,
    "ks": ks,
}
"""Name -> coefficient, each in [-1, 1]."""

ALWAYS = ("percent_agreement", "krippendorff_alpha")
KAPPAS = ("fleiss_kappa", "cohen_kappa", "conger_kappa", "scott_pi")
COMPLEX = ("sigma", "ks")
ICCS = ("icc_1", "icc_a1", "icc_c1", "icc_1k", "icc_ak", "icc_ck")


def usual(case: Case) -> tuple[str, ...]:
    """The names of the coefficients that suit the control's answers."""
    control = case.control
    if control.per_region:
        return (*ALWAYS, *COMPLEX)
    if control.family == Family.CHOICES:
        gwet = ("gwet_ac1", "gwet_ac2") if case.method.weights or case.ruler.name in ORDERED else ("gwet_ac1",)
        kappas = (*ALWAYS, *KAPPAS, *gwet, "brennan_prediger")
        return (*kappas, *COMPLEX) if control.multiple else kappas
    if control.family == Family.RATING:
        return (*ALWAYS, *KAPPAS, "gwet_ac2", "brennan_prediger", *ICCS)
    if control.family in (Family.NUMBER, Family.MOMENT):
        return (*ALWAYS, *ICCS)
    if control.family == Family.REGIONS and _on_a_line(case):
        return (*ALWAYS, "alpha_u", "gamma", *COMPLEX)
    return (*ALWAYS, *COMPLEX)


def _on_a_line(case: Case) -> bool:
    """True where what is marked are spans or segments, or nothing."""
    answers = (answer for answer in case.evidence.coded.answers if isinstance(answer, Regions))
    shapes = (region.shape for answer in answers for region in answer.regions)
    return all(isinstance(shape, Span | Segment) for shape in shapes)


def coefficients(case: Case, names: Sequence[str], rng: Rng) -> dict[str, Estimate]:
    """Those coefficients with their intervals; raises ValueError for a name there is none of, and lists the names."""
    if unknown := [name for name in names if name not in COEFFICIENTS]:
        raise ValueError(f"no coefficient is named {unknown[0]!r}; there are: {', '.join(COEFFICIENTS)}")
    found: dict[str, Estimate] = {}
    quantities: dict[str, Quantity] = {}
    for name in names:
        try:
            made = COEFFICIENTS[name](case)
        except Undefined as reason:
            found[name] = Estimate(None, reason=str(reason))
            continue
        if isinstance(made, Quantity):
            quantities[name] = made
        else:
            found[name] = made
    found |= estimates(quantities, rng, case.method.bootstrap, case.method.confidence)
    return {name: found[name] for name in names}
