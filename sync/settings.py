"""The settings of ``tiebreak``: one frozen object, from ``tiebreak.toml`` and ``TIEBREAK_*`` variables.

A variable beats the file, and ``TIEBREAK_X_FILE`` names a file that holds ``X``. Unknown keys and wrong values are
refused with key, accepted values and place.
"""

import ipaddress
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .errors import SettingsError
from .secret_files import ENDING, from_files
from .settings_kinds import (
    Address,
    Addresses,
    Band,
    ConsensusMethod,
    Distances,
    Ids,
    LabelWeights,
    OptionalAddress,
    Policy,
    Pool,
    Pools,
    ReviewDays,
    Rules,
    Weights,
    address,
)
from .settings_words import accepted, explained, written

__all__ = ["DEFAULT_FILE", "Band", "Pool", "Settings", "accepted", "address", "as_file", "load", "read"]

if TYPE_CHECKING:
    from .quality.records import Trust

DEFAULT_FILE = "tiebreak.toml"
AS_SET, BY_GAIN, BY_DISPUTE = "as set", "by gain", "by dispute"
MAY_RULE = "may rule"
BY_QUALITY = "by quality"
PREFIX = "TIEBREAK_"
_PUNCTUATION = str.maketrans(',"[]', "    ")
_OTHER_VARIABLES = re.compile("TIEBREAK_(ML_.*|CACHE|LABEL_STUDIO|FAULTS|SHARED_DATA|CONFIG)")


class Settings(BaseSettings):
    """Everything that can be set. The description of each field is its comment in ``tiebreak init``'s file."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    label_studio_url: Address = Field(
        "http://localhost:8080", description="Address of Label Studio, as this machine reaches it."
    )
    label_studio_url_for_people: OptionalAddress = Field(
        "", description="The same as people's browsers reach it, for the dashboard's links, where that differs."
    )
    label_studio_token: SecretStr = Field(
        SecretStr(""),
        description="Access token of a Label Studio user: Account & Settings, either kind.",
    )
    timeout_seconds: float = Field(
        60.0, ge=0.1, le=3600, description="How long to wait for one answer of Label Studio before giving up."
    )
    store: str = Field(
        "sqlite:///tiebreak.sqlite3",
        description="Where everything is kept: an SQLAlchemy URL (sqlite:///FILE or postgresql+psycopg://...).",
    )
    projects: Ids = Field(
        (),
        description="Ids of the Label Studio projects to look after (the number in a project's address).",
    )
    backend_url: OptionalAddress = Field(
        "", description="Address of tiebreak-ml, as this machine reaches it. Empty: no model."
    )
    backend_url_for_label_studio: OptionalAddress = Field(
        "", description="The same as Label Studio reaches it, where that differs (containers)."
    )
    backend_user: Annotated[str, Field(pattern="^[^:]*$"), "a name without a colon, or nothing"] = Field(
        "", description="TIEBREAK_ML_USER, where tiebreak-ml asks for one: `tiebreak doctor --fix` tells Label Studio."
    )
    backend_password: SecretStr = Field(
        SecretStr(""),
        description="TIEBREAK_ML_PASSWORD, likewise.",
    )
    public_url: OptionalAddress = Field(
        "",
        description="Address of `tiebreak serve`, as Label Studio reaches it, for its webhook. Empty: none.",
    )
    secret: SecretStr = Field(
        SecretStr(""),
        description="Shared secret of tiebreak, tiebreak-ml and the webhook; `tiebreak init` draws one.",
    )
    dashboard_user: str = Field("manager", description="Name that dashboard_password belongs to, an admin.")
    dashboard_password: SecretStr = Field(
        SecretStr(""),
        description="Password of a dashboard admin. This or `tiebreak users add` is needed beyond this machine.",
    )
    login_header: Annotated[str, Field(pattern="^[A-Za-z0-9-]*$"), "the name of a header, or nothing"] = Field(
        "", description="Header in which a proxy says who is logged in, such as X-Remote-User. Empty: none."
    )
    trusted_proxies: Addresses = Field(
        (), description="Addresses of the proxies whose login_header and X-Forwarded-For, -Proto are believed."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="What `tiebreak serve` logs: lines to read, or a JSON object a line."
    )
    sync_seconds: float = Field(
        60.0,
        ge=1,
        le=86_400,
        description="How often `tiebreak serve` looks by itself; webhooks wake it earlier.",
    )
    wake_seconds: float = Field(1.0, ge=0.1, le=600, description="How long it waits after a webhook for more of them.")
    round_seconds: float = Field(
        60.0,
        ge=0,
        le=86_400,
        description="Least time between two scoring rounds of `serve`: a round writes a prediction for each task.",
    )
    round_part: int = Field(
        3000,
        ge=1,
        le=100_000,
        description="While people work: predictions of a round in one request, or a tenth if that is more.",
    )
    pause: float = Field(
        3.0,
        ge=0,
        le=100,
        description="While people work: pause after each request of `serve`, in multiples of what it took; 0: none.",
    )
    quiet_seconds: float = Field(
        120.0,
        ge=0,
        le=86_400,
        description="Nobody works when no answer came for so long: full speed, and older rounds are deleted.",
    )
    overlap: Literal["as set", "by gain", "by dispute"] = Field(
        "as set",
        description="Answers to a task: as its overlap says, or one more where that gains most, or where few differ.",
    )
    most_answers: int = Field(3, ge=1, le=50, description="By gain: so many answers a task gets at most.")
    answers_ahead: int = Field(
        50, ge=1, le=1000, description="By gain: the next so many answers are planned, to open tasks or second ones."
    )
    extra_answer_cost: float = Field(
        1.0, gt=0, le=100, description="By gain: what a further answer to a task costs, in first answers to new tasks."
    )
    holdout_share: float = Field(
        0.1, ge=0, le=0.5, description="Share of tasks never trained on: they measure the model."
    )
    consensus_method: ConsensusMethod = Field("auto", description="How the probable answer is inferred.")
    pools: Pools = Field(
        {},
        description="What is believed beforehand of people: experts, a crowd, people of the house.",
        examples=[{"experts": {"annotators": [1, 2], "accuracy": 0.95, "answers": 20}}],
    )
    bootstrap: int = Field(1000, ge=100, le=100_000, description="Resamples behind each interval.")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="Coverage of each interval.")
    seed: int = Field(0, ge=0, description="Seed of the resampling, so that reports repeat exactly.")
    control_weights: Weights = Field(
        {},
        description="How much a control counts in the overall agreement; 1 where it is not named.",
        examples=[{"mood": 2}],
    )
    label_weights: LabelWeights = Field(
        {},
        description="How much a label counts in the agreement on its control; 1 where it is not named.",
        examples=[{"mood": {"very bad": 3}}],
    )
    distances: Distances = Field(
        {},
        description="How far apart two answers to a control are, where its own default is not wanted.",
        examples=[{"mood": "ordinal"}],
    )
    policy: Policy = Field(
        {},
        description="What makes the order of the queue: weights, importance, budget, audits, bands.",
        examples=[{"budget": 200, "audit_share": 0.1, "weights": {"outlier": 0}, "importance": {"mood": {"bad": 1}}}],
    )
    rules: Rules = Field(
        (),
        description="Checks of your own on answers, each with a name (docs/rules.md).",
        examples=[[{"name": "say more", "check": "length", "control": "summary", "of": "words", "min": 3}]],
    )
    full_assessment_hours: float = Field(
        24,
        ge=0,
        le=8760,
        description="How long changes of few tasks of a large project are judged by themselves. 0: never.",
    )
    review_limit: int = Field(200, ge=1, le=100_000, description="How many reviews of one project may be open at once.")
    reviews_a_day: int = Field(
        0, ge=0, le=100_000, description="How many reviews of one project may begin in 24 hours. 0: any number."
    )
    reviews_a_reviewer: int = Field(
        0,
        ge=0,
        le=100_000,
        description="The same for each person who ruled in the last 30 days, one at least. 0: any number.",
    )
    review_days: ReviewDays = Field(
        {"P1": 2, "P2": 7, "P3": 30},
        description="How long a review of a band may wait; those that wait longer are told. A band without: any time.",
    )
    blind_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of reviews that show neither reason nor earlier answers, as random audits do. 1: all.",
    )
    hourly_cost: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="What an hour of annotating costs, in your currency, for the cost of a label. 0: not told.",
    )
    disputants: Literal["may rule", "may not rule"] = Field(
        "may rule", description="Whether rulings of people who had answered the task count; they are told in any case."
    )
    leaderboard: Literal["off", "by quality"] = Field(
        "off", description="Whether pages show people's places: by reliability alone, never by speed or number."
    )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return value.translate(_PUNCTUATION).split() if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            ipaddress.ip_network(one)
        return value

    @field_validator("projects", mode="before")
    @classmethod
    def _ids(cls, value: object) -> object:
        return value.replace(",", " ").strip("[] ").split() if isinstance(value, str) else value

    @field_validator("projects")
    @classmethod
    def _each_once(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if wrong := [project for project in value if project < 1]:
            raise ValueError(f"{wrong[0]} is no project id: they count from 1")
        if twice := [project for project in dict.fromkeys(value) if value.count(project) > 1]:
            raise ValueError(f"project {twice[0]} stands there twice: leave one of them out")
        return value

    @field_validator(
        "control_weights", "label_weights", "distances", "pools", "policy", "rules", "review_days", mode="before"
    )
    @classmethod
    def _table(cls, value: object) -> object:
        """A variable holds a table as JSON."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError("not a table") from error

    @field_validator("label_studio_token", "secret", mode="before")
    @classmethod
    def _trimmed(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("consensus_method")
    @classmethod
    def _known_method(cls, value: str) -> str:
        if value != "auto":
            from .quality.consensus import every_method  # costs those that never name one half a second

            if value not in every_method():
                raise ValueError(f"no method has that name; there are: auto, {', '.join(every_method())}")
        return value

    @field_validator("policy")
    @classmethod
    def _policy(cls, value: dict[str, Any]) -> dict[str, Any]:
        if value:
            from .quality.priority import policy_of

            policy_of(value)
        return value

    def trust(self) -> "dict[int, Trust]":
        """What is believed of each annotator of a pool; of somebody in several, what the last one says."""
        from .quality.records import Trust  # costs commands that need no numbers half a second

        return {
            annotator: Trust(pool.accuracy, pool.answers)
            for pool in self.pools.values()
            for annotator in pool.annotators
        }

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then what was read from the file."""
        return env_settings, init_settings


def load(file: Path | None = None) -> Settings:
    """The settings from ``file`` (default: tiebreak.toml here, where there is one) and the environment.

    Raises SettingsError, which names the key, the accepted values and the line.
    """
    place = file or Path(os.environ.get("TIEBREAK_CONFIG", DEFAULT_FILE))
    if not place.exists():
        if file is not None or "TIEBREAK_CONFIG" in os.environ:
            raise SettingsError(f"{place}: no such file; `tiebreak init` writes one")
        return read("", place)
    try:
        text = place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{place}: not a TOML file: {error}") from error
    except OSError as error:
        raise SettingsError(f"{place}: cannot be read: {error.strerror}") from error
    return read(text, place)


def read(text: str, place: Path) -> Settings:
    """The settings in the text of a file and the environment; ``place`` is the file's name for errors.

    Raises SettingsError.
    """
    _refuse_unknown_variables(os.environ)
    try:
        return _validated(tomllib.loads(text) | from_files(os.environ, PREFIX, Settings.model_fields), place, text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{place}: not a TOML file: {error}") from error


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    for name in environment:
        key = name.removesuffix(ENDING).removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and key not in Settings.model_fields and not _OTHER_VARIABLES.fullmatch(name):
            raise SettingsError(f"environment variable {name}: no such setting; {_known()}")


def _validated(values: dict[str, Any], file: Path, text: str) -> Settings:
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError("\n".join(_explained(problem, file, text) for problem in error.errors())) from error


def _explained(problem: Any, file: Path, text: str) -> str:
    key = str(problem["loc"][0])
    variable = PREFIX + key.upper()
    read_instead = [one for one in (variable, variable + ENDING) if key in Settings.model_fields and one in os.environ]
    return explained(problem, Settings.model_fields, str(file), text, read_instead[0] if read_instead else "")


def _known() -> str:
    return "there are: " + ", ".join(Settings.model_fields)


def as_file(given: Mapping[str, Any]) -> str:
    """A settings file: what is given first, then every other setting, commented out."""
    return written(Settings.model_fields, given)
