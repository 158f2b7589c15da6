"""``tiebreak forget``: what the command line asks, and what is done about it."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal
from ..errors import TiebreakError
from ..report_options import AsJson, settings_file
from ..settings import load

if TYPE_CHECKING:  # imported where they are needed, so that help comes at once
    from ..store.engine import Store
    from ..store.forgetting import Erased


def forget(
    person: Annotated[
        str,
        typer.Argument(help="Label Studio user id or e-mail address; login:3 for a removed login of the dashboard."),
    ],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it. Without this it is only said what would be erased.")
    ] = False,
    keep_answers: Annotated[
        bool, typer.Option("--keep-answers", help="Texts that they typed as answers stay: transcriptions, for example.")
    ] = False,
    config: Annotated[Path | None, settings_file("where the store is")] = None,
    as_json: AsJson = False,
) -> None:
    """Erase somebody's name, address, remarks and typed answers for good; what they chose stays under their number."""
    from dataclasses import asdict

    from ..opening import clock
    from ..store import forgetting
    from ..store.engine import open_existing

    store = open_existing(load(config).store)
    if login := re.fullmatch(r"login:(\d{1,9})", person):
        _forget_login(store, int(login[1]), yes, as_json)
        return
    with store.read() as connection:
        number = forgetting.person_called(connection, person)
        if number is None:
            raise TiebreakError(
                f"the store knows nobody called {person!r}: give the Label Studio user id, or the address"
            )
        found = forgetting.held(connection, number, keep_typed=keep_answers)
        known = forgetting.is_forgotten(connection, number)
    if yes:
        with store.begin() as connection:
            found = forgetting.forget(connection, number, clock(), keep_typed=keep_answers)
        store.leave_nothing_behind()
    if as_json:
        terminal.print_json({"annotator": number, "done": yes, "forgotten": yes or known, "erased": asdict(found)})
        return
    _show(number, found, done=yes, known=known)


def _forget_login(store: "Store", login: int, yes: bool, as_json: bool) -> None:
    from ..opening import clock
    from ..store import forgotten_logins

    with store.read() as connection:
        if not forgotten_logins.is_known(connection, login):
            raise TiebreakError(f"the audit chain knows no login {login}: `tiebreak audit log` shows the numbers")
        words = len(forgotten_logins.held(connection, login))
    if yes:
        with store.begin() as connection:
            words = forgotten_logins.forget(connection, login, clock())
        store.leave_nothing_behind()
    if as_json:
        terminal.print_json({"login": login, "done": yes, "erased": {"audit_words": words}})
    elif not words:
        terminal.say(f"login {login} is forgotten already: there is nothing left to erase")
    else:
        counted = terminal.counted(words, "audit event")
        terminal.say(f"login {login}: {'erased' if yes else 'would be erased'}: name and words of {counted}")
        if not yes:
            terminal.say("Nothing was changed. With --yes it is done, for good.")


def _show(number: int, found: "Erased", *, done: bool, known: bool) -> None:
    if not found.anything and known:
        terminal.say(f"user {number} is forgotten already: there is nothing left to erase")
        return
    terminal.say(f"user {number}: {'erased' if done else 'would be erased'}: {erased_text(found)}")
    if not done:
        terminal.say("Nothing was changed. With --yes it is done, for good.")
        return
    terminal.say(
        "What they chose stays, under their number: it names nobody, and agreement and consensus rest on it.\n"
        "Label Studio still has the account, and what they wrote in annotations and in review tasks: delete it there. "
        "Backups of the store and exported files have it too."
    )
    if found.typed:
        terminal.say("The next `tiebreak run` judges without the texts that they typed as answers.")


def erased_text(found: "Erased") -> str:
    """What was found of somebody.

    >>> from sync.store.forgetting import Erased
    >>> erased_text(Erased(1, 2, 2, 1)), erased_text(Erased(0, 0, 0, 0))
    ('name and address, 2 rationales, remarks in 2 stored results, words of 1 audit event', 'nothing')
    """
    parts = [
        "name and address" if found.names else "",
        terminal.counted(found.rationales, "rationale"),
        f"remarks in {terminal.counted(found.results, 'stored result')}" if found.results else "",
        f"words of {terminal.counted(found.audit_words, 'audit event')}" if found.audit_words else "",
        f"reasons of {terminal.counted(found.decisions, 'decision')} about them" if found.decisions else "",
        terminal.counted(found.links, "personal link"),
        f"texts typed as answers in {terminal.counted(found.typed, 'stored result')}" if found.typed else "",
        f"the same in {terminal.counted(found.labels, 'label')} of versions" if found.labels else "",
        f"what shows them in {terminal.counted(found.shown, 'other place')}" if found.shown else "",
    ]
    return ", ".join(part for part in parts if part) or "nothing"
