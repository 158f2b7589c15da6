"""Who opens a personal link: its token, and how often an address may guess."""

from ..errors import TiebreakError
from ..store import attempts, personal_links
from ..store.attempts import Rate
from ..store.engine import Store
from ..store.personal_links import PersonalLink

SECOND = 1_000_000
BY_ADDRESS = Rate("personal link of an address", 30, 30 * SECOND)
"""Links that open nothing, by the address of who asks: thirty at once, then one in half a minute."""
PATH = "/mine/"
"""Where the page My work is; the token follows."""
LONGEST = 200


class TooManyLinks(TiebreakError):
    """An address that guesses; it has to wait ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many links that open nothing: try again in {seconds} seconds")
        self.seconds = seconds


def opened(store: Store, token: str, address: str, now: int) -> PersonalLink | None:
    """What a token opens, and that it was used; null for one that opens nothing.

    ``address`` is who asks, as ``web.addresses.neighbourhood`` names them. Raises TooManyLinks for an address that
    tried too many that open nothing, whatever it brings now; a right one costs no attempt.
    """
    with store.read() as connection:
        wait = attempts.waiting(connection, BY_ADDRESS, address, now)
        link = personal_links.find(connection, token[:LONGEST], now)
    if wait:
        raise TooManyLinks(-(-wait // SECOND))
    if link is not None and not link.is_noted(now):
        with store.begin() as connection:
            personal_links.use(connection, link, now)
    elif link is None:
        with store.begin() as connection:
            attempts.attempt(connection, BY_ADDRESS, address, now)
    return link
