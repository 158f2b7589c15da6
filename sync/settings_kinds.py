"""The kinds of values that settings of ``tiebreak`` take: each says in words what it accepts."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_settings import NoDecode


def address(value: str) -> str:
    """An HTTP address without the slash at its end; raises ValueError for anything else.

    >>> address("http://localhost:8080/")
    'http://localhost:8080'
    """
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or any(character.isspace() for character in value):
        raise ValueError("not an HTTP address")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("an address without login, query and fragment is needed")
    return value.rstrip("/")


def _address_or_none(value: str) -> str:
    return address(value) if value else value


Address = Annotated[str, AfterValidator(address), "an address such as http://localhost:8080"]
OptionalAddress = Annotated[
    str, AfterValidator(_address_or_none), "an address such as http://localhost:9090, or nothing"
]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Weights = Annotated[dict[str, Weight], NoDecode, "a table: control = a number from 0 on"]
LabelWeights = Annotated[dict[str, dict[str, Weight]], NoDecode, "a table for each control: label = a number from 0 on"]
Distances = Annotated[dict[str, str], NoDecode, "a table: control = the name of a distance, or module:function"]
ConsensusMethod = Annotated[str, Field(min_length=1), "auto, or the name of a consensus method (docs/consensus.md)"]


class Pool(BaseModel):
    """A pool of annotators: right with ``accuracy``, as though that had been seen in ``answers`` answers of each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    annotators: Annotated[tuple[int, ...], "a list of the annotators' ids"]
    accuracy: float = Field(gt=0, lt=1)
    answers: float = Field(10.0, gt=0, le=1e6)


Pools = Annotated[
    dict[str, Pool],
    NoDecode,
    "a table for each pool: annotators = a list of ids, accuracy = a number above 0 and below 1, answers = how many "
    "answers that belief is worth (10)",
]
Policy = Annotated[dict[str, Any], NoDecode, "a table with keys of docs/policy.md"]
Rules = Annotated[tuple[dict[str, Any], ...], NoDecode, "a table for each rule, [[rules]]"]
Addresses = Annotated[tuple[str, ...], NoDecode, "a list of addresses or networks, such as 10.0.0.0/8"]
Days = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Band = Literal["P1", "P2", "P3"]
ReviewDays = Annotated[dict[Band, Days], NoDecode, "a table: P1, P2, P3 = a number of days above 0"]
Ids = Annotated[tuple[int, ...], NoDecode, "a list of project ids"]
