"""How far the weights of answers are probabilities of being right. Pure.

A model that is right less often than its confidence, and a label that is wrong, look the same: that an answer of weight
0.5 is wrong every second time can only be seen beside answers of another weight, which must then match more often.
So weights are believed as far as that is seen, and what the answers themselves say stands where it is not: a
consensus may be far surer than it says, of a lone annotator above all. The correction that needs the probabilities
(Patrini et al. 2017) takes them as known.
"""

from dataclasses import replace

import numpy as np

from .confidence import Outcomes, fit_line

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the doubt that the weights tell: how much may be believed."""
CLEAR = 1.92
"""Nats that belief must win: chance alone wins as much with a probability of 0.05 (Wilks 1938)."""
_ALIKE = 1e-6


def believed(outcomes: Outcomes) -> Outcomes:
    """With ``trust`` as near to 1 as what was seen leaves it; 1 where all weigh alike, or less weight tells nothing.

    ``outcomes.trust`` are the weights. Belief must tell what was seen clearly better than both no doubt and the same
    doubt of each answer, given the line of log odds that suits each best.
    """
    sure = replace(outcomes, trust=np.ones(len(outcomes.trust)))
    if not len(outcomes.trust) or float(np.ptp(outcomes.trust)) < _ALIKE:
        return sure
    found, least = sure, _loss(sure) - CLEAR
    for share in SHARES:
        trust = 1 - share * (1 - outcomes.trust)
        own = replace(outcomes, trust=trust)
        loss = _loss(own)
        if loss < least and loss < _loss(replace(outcomes, trust=np.full(len(trust), trust.mean()))) - CLEAR:
            found, least = own, loss
    return found


def _loss(outcomes: Outcomes) -> float:
    """Nats, of all answers together."""
    return float(outcomes.losses(fit_line(outcomes)(outcomes.confidence)).sum())
