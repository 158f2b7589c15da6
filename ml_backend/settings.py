"""The settings of ``tiebreak-ml``: one frozen object, from ``TIEBREAK_ML_*`` variables and the command line.

Unknown variables and wrong values are refused with name and accepted values.
"""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .errors import SettingsError
from .secret_files import ENDING, from_files
from .uncertainty import DEFAULT_UTILITY

PREFIX = "TIEBREAK_ML_"
LABEL_STUDIO_WAITS = 100
ANSWER_SECONDS = 5
"""Of these, what is left for abstaining on the rest of a large request, and for the way back."""
ENCODER_NAMES = ("auto", "tfidf+wordllama", "tfidf", "wordllama")


class Settings(BaseSettings):
    """Everything that can be set. Each is also an environment variable: TIEBREAK_ML_ and its name."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data: Path = Field(Path("tiebreak-ml"), description="Folder of the models, their versions and the labels.")
    secret: SecretStr = Field(
        SecretStr(""), description="Secret shared with tiebreak: `secret` of tiebreak.toml. Empty lets nobody in."
    )
    user: str = Field(
        "", description="Name that Label Studio must send (basic authentication). Empty: anybody may ask."
    )
    password: SecretStr = Field(SecretStr(""), description="Password that belongs to it.")
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="Events are taken at /webhook/SECRET alone, if set: letters, digits, - and _."
    )
    sync_url: str = Field("", description="Address of `tiebreak serve`, whose training feed is read. Empty: none.")
    label_studio_url: str = Field(
        "", description="Address of Label Studio, for images that it keeps itself. Empty: such tasks abstain."
    )
    label_studio_token: SecretStr = Field(
        SecretStr(""), description="Access token for those images, of either kind; it is sent to that address alone."
    )
    media_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Hosts with private addresses that images may be fetched from (others must be public)."
    )
    media_bytes: int = Field(20_000_000, ge=1_000, le=1_000_000_000, description="Largest image that is fetched.")
    media_seconds: float = Field(10.0, gt=0, le=100, description="Longest wait for one image.")
    cache_bytes: int = Field(
        1_000_000_000, ge=0, le=10**15, description="Disk space for images and encodings that are kept; 0: none."
    )
    predict_seconds: float = Field(
        60.0, gt=0, le=95, description="After this long /predict abstains on the rest; Label Studio waits 100 s."
    )
    wait_seconds: float = Field(5.0, ge=0, le=3_600, description="Learning begins after so long without a new answer.")
    news_at_once: int = Field(
        20, ge=1, le=1_000_000, description="Or with so many new answers, however quickly they come."
    )
    lesson_seconds: float = Field(
        1_800.0, gt=0, le=604_800, description="Longest time to learn in; what takes longer is ended."
    )
    least_labels: int = Field(10, ge=4, le=100_000, description="Labels of a control before it is learned at all.")
    coverage: float = Field(
        0.9, gt=0, lt=1, description="How often the set of answers that cannot be ruled out must hold the right one."
    )
    encoder: str = Field(
        "auto",
        description="How tasks are read: auto, a name of ours, or one that you bring: "
        "sentence-transformers:MODEL, torchvision:MODEL, MODULE:FUNCTION.",
    )
    choose_seconds: float = Field(
        5.0,
        ge=0,
        le=86_400,
        description="Longest time to try other encoders and heads in, from 200 labels on; 0: never.",
    )
    utility: Literal["fused", "least_confidence", "margin", "entropy", "disagreement", "novelty"] = Field(
        DEFAULT_UTILITY, description="What the acquisition order goes by."
    )
    order: Literal[
        "variance",
        "diverse",
        "utility",
        "margin",
        "entropy",
        "bald",
        "coreset",
        "badge",
        "typiclust",
        "density",
        "random",
    ] = Field("variance", description="How a pool is put in order: a strategy.")
    model_class: str = Field(
        "",
        description="A class of label-studio-ml to serve instead of our models: path/to/model.py:CLASS or "
        "MODULE:CLASS. Empty: ours.",
    )
    workers: int = Field(2, ge=1, le=64, description="Processes that answer requests.")
    threads: int = Field(1, ge=1, le=256, description="Threads that learning may use; annotators need the others.")
    keep_versions: int = Field(5, ge=2, le=1_000, description="Model versions kept for a rollback.")
    largest_body: int = Field(512_000_000, ge=1_000, le=8_000_000_000, description="Largest request body in bytes.")

    @field_validator("media_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value

    @field_validator("media_hosts")
    @classmethod
    def _names_alone(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for given in value:
            if (name := _host_of(given)) != given.lower():
                raise ValueError(
                    f"{given!r} is no host name; write {name or 'a name such as images.internal'} alone, without "
                    "http://, port and path"
                )
        return value

    @field_validator("sync_url", "label_studio_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must be an address such as http://localhost:8085")
        return value.rstrip("/")

    @field_validator("encoder")
    @classmethod
    def _named(cls, value: str) -> str:
        if value not in ENCODER_NAMES and re.fullmatch(r"[^:\s]+:\S+", value) is None:
            raise ValueError(
                f"must be one of {', '.join(ENCODER_NAMES)}, or one that you bring: sentence-transformers:MODEL, "
                "torchvision:MODEL, MODULE:FUNCTION"
            )
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _path_part(cls, value: SecretStr) -> SecretStr:
        if re.fullmatch(r"[A-Za-z0-9_-]*", value.get_secret_value()) is None:
            raise ValueError("may hold letters, digits, - and _ only, since it is a part of an address")
        return value

    @model_validator(mode="after")
    def _both_or_neither(self) -> "Settings":
        if bool(self.user) != bool(self.password.get_secret_value()):
            raise ValueError("user and password are set together, or neither of them")
        if ":" in self.user:
            raise ValueError("user: a name in basic authentication has no colon")
        return self

    @model_validator(mode="after")
    def _in_time(self) -> "Settings":
        if self.predict_seconds > self.all_seconds:
            raise ValueError(
                f"predict_seconds and media_seconds together must leave {ANSWER_SECONDS} of the {LABEL_STUDIO_WAITS} "
                "seconds that Label Studio waits"
            )
        return self

    @property
    def all_seconds(self) -> float:
        """Once a request to /predict has been there for so long nothing more is begun; a last image may yet come."""
        return LABEL_STUDIO_WAITS - ANSWER_SECONDS - self.media_seconds


def _host_of(given: str) -> str | None:
    """The host, in small letters, of what may be an address; null where there is none.

    >>> _host_of("Images.internal"), _host_of("http://images.internal:80/a"), _host_of("::1"), _host_of("http://")
    ('images.internal', 'images.internal', '::1', None)
    """
    with suppress(ValueError):
        ip_address(given)
        return given.lower()
    try:
        return urlsplit(given if "://" in given else f"//{given}").hostname
    except ValueError:
        return None


def load(given: Mapping[str, Any] | None = None) -> Settings:
    """The settings from the environment; ``given`` (the command line) beats it.

    Raises SettingsError, which names the variable and the accepted values.
    """
    for name in os.environ:
        key = name.removesuffix(ENDING).removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and key not in Settings.model_fields:
            known = ", ".join(PREFIX + key.upper() for key in Settings.model_fields)
            raise SettingsError(f"environment variable {name}: no such setting; there are: {known}")
    named = {key: value for key, value in (given or {}).items() if value is not None}
    try:
        return Settings(**from_files(os.environ, PREFIX, Settings.model_fields) | named)
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(problem, given or {}) for problem in error.errors())) from error


def _explain(problem: Any, given: Mapping[str, Any]) -> str:
    if not problem["loc"]:
        return str(problem["msg"]).removeprefix("Value error, ")
    key = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return f"{key}: no such setting; there are: {', '.join(Settings.model_fields)}"
    variable = f"{PREFIX}{key.upper()}"
    variable += ENDING if variable + ENDING in os.environ else ""
    where = key if given.get(key) is not None else f"environment variable {variable}"
    field = Settings.model_fields[key]
    shown = "" if field.annotation is SecretStr else f" {problem['input']!r} is refused:"
    if problem["type"] == "literal_error":  # its message is the list of what is accepted
        return f"{where}: {problem['input']!r} is refused. Accepted: {accepted(field)}."
    return f"{where}:{shown} {re.sub('^Value error, ', '', problem['msg'])}. Accepted: {accepted(field)}."


def accepted(field: FieldInfo) -> str:
    """The values that a setting takes, in words."""
    if choices := [value for value in get_args(field.annotation) if isinstance(value, str)]:
        return ", ".join(choices)
    kinds: dict[object, str] = {
        float: "a number",
        int: "a whole number",
        str: "a text",
        SecretStr: "a text",
        Path: "a folder",
    }
    limits = [
        f"{words} {getattr(limit, name)}"
        for limit in field.metadata
        for name, words in (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
        if hasattr(limit, name)
    ]
    return ", ".join([kinds.get(field.annotation, "a list of host names"), *limits])
