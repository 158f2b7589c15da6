"""What a reader wants to see of a table, as the address says it: ``?sort=-alpha&search=ann&band=P1&page=2``.

On a page with several tables each but the first has its name in front: ``?pairs.sort=-alpha``.
"""

from collections.abc import Mapping

from .table import Table, Wanted

LONGEST = 200


def wanted(table: Table, args: Mapping[str, str], prefix: str = "", *, whole: bool = False) -> Wanted:
    """What the arguments ask of the table; what it does not have is passed over. ``whole``: all pages of it."""
    sort = args.get(f"{prefix}sort", "")
    column = table.column(sort.removeprefix("-"))
    filters = {one.key: args.get(f"{prefix}{one.key}", "")[:LONGEST] for one in table.columns if one.choices}
    return Wanted(
        column.key if column is not None and column.sort else None,
        sort.startswith("-"),
        args.get(f"{prefix}search", "").strip()[:LONGEST],
        {key: value for key, value in filters.items() if value},
        0 if whole else (_page(args.get(f"{prefix}page", "")) - 1) * table.size,
        None if whole else table.size,
    )


def _page(text: str) -> int:
    """The number of a page, from 1."""
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= 6 else 1
