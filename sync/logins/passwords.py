"""Passwords as they are kept: hashed by scrypt, with the parameters and the salt beside the hash."""

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore

from ..errors import SettingsError

SHORTEST, LONGEST = 10, 1000
AT_ONCE = BoundedSemaphore(2)
"""Each hash takes 32 MB and a processor: a flood of logins must not take all of them."""


@dataclass(frozen=True, slots=True)
class Cost:
    """scrypt's parameters. The defaults are those of OWASP's Password Storage Cheat Sheet that need 32 MB."""

    n: int = 2**15
    r: int = 8
    p: int = 3


COST = Cost()


def checked(password: str) -> str:
    """A new password that is long enough; raises SettingsError, which does not repeat it."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise SettingsError(f"a password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}")
    return password


def hashed(password: str, cost: Cost = COST) -> str:
    """``scrypt$n$r$p$salt$hash`` of a password, with a salt of its own."""
    salt = secrets.token_bytes(16)
    return "$".join(
        ("scrypt", str(cost.n), str(cost.r), str(cost.p), _text(salt), _text(_scrypt(password, salt, cost)))
    )


def fits(password: str, kept: str | None, cost: Cost = COST) -> bool:
    """Whether a password is the one that was hashed.

    Where none is kept, the same work is done in vain, so that the time does not say whether a name is known.
    """
    _, n, r, p, salt, wanted = (kept or _nobody(cost)).split("$")
    given = _scrypt(password[:LONGEST], base64.b64decode(salt), Cost(int(n), int(r), int(p)))
    return hmac.compare_digest(given, base64.b64decode(wanted)) and kept is not None


def is_weaker(kept: str, cost: Cost = COST) -> bool:
    """Whether a hash was made with less work than is spent on new ones."""
    _, n, r, p, *_ = kept.split("$")
    return int(n) * int(r) * int(p) < cost.n * cost.r * cost.p


@cache
def _nobody(cost: Cost) -> str:
    return hashed(secrets.token_hex(16), cost)


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    # The same word can be typed in several ways of Unicode; NIST SP 800-63B asks for one of them.
    word = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    memory = 256 * cost.n * cost.r
    with AT_ONCE:
        return hashlib.scrypt(word, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=memory, dklen=32)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
