"""How the settings want a project judged, and what tells that way from others."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from label_config.model import Control, LabelConfig

from .agreement.asked import Asked, methods_of, refuse_unknown_labels
from .errors import SettingsError
from .judging import How
from .quality import rules
from .quality.priority import policy_of
from .quality.rules import Rule
from .settings import Settings


def basis(xml: str, settings: Settings, today: float) -> str:
    """Equal for an equal interface and equal settings; where the policy lets age count, another one every day."""
    day = int(today) if policy_of(settings.policy).age_boost else 0
    return hashlib.sha256(json.dumps([xml, said_of_judging(settings), day], sort_keys=True).encode()).hexdigest()


def said_of_judging(settings: Settings) -> dict[str, Any]:
    """What the settings say of judging."""
    judging = {"consensus_method", "pools", "bootstrap", "confidence", "seed", "distances", "policy", "rules"}
    return settings.model_dump(mode="json", include=judging)


def how(settings: Settings, config: LabelConfig, controls: Sequence[Control], today: float | None) -> How:
    """How the settings want these controls of a project judged; raises SettingsError for rules that do not fit it."""
    asked = Asked(
        distances={control.name: name for control in controls if (name := settings.distances.get(control.name))},
        coefficients=("percent_agreement", "krippendorff_alpha"),
        bootstrap=settings.bootstrap,
        seed=settings.seed,
        confidence=settings.confidence,
    )
    policy = policy_of(settings.policy)
    refuse_unknown_labels(policy.importance, config.controls, "policy: importance: ")
    return How(
        settings.consensus_method,
        methods_of(asked, controls),
        policy,
        _rules(settings, config),
        today,
    )


def _rules(settings: Settings, config: LabelConfig) -> tuple[Rule, ...]:
    try:
        return rules.parse(settings.rules, config)
    except rules.RuleError as error:
        raise SettingsError(f"rules: {error}") from error
