"""The line key: which usage rows make one line, from one month to the next."""

SEPARATOR = "|"


def line_key(
    account: str | None,
    service: str | None,
    sku: str | None,
    charge_type: str | None,
    unit: str | None,
    currency: str | None,
) -> str:
    """`account|service|sku|charge_type|unit|currency`, unambiguous whatever the parts hold.

    A backslash is doubled and a bar gets one in front, so that no two different sextuples share a
    key; a part that is missing is empty. The engine's twin is in `usage/columns.py`.
    """
    parts = (account, service, sku, charge_type, unit, currency)
    return SEPARATOR.join(_escaped(part or "") for part in parts)


def parts_of(key: str) -> tuple[str, ...]:
    """The six parts of a line key."""
    parts: list[str] = [""]
    escaped = False
    for letter in key:
        if escaped or letter not in "\\|":
            parts[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            parts.append("")
    if len(parts) != 6 or escaped:
        raise ValueError(f"{key!r} is no line key")
    return tuple(parts)


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace("|", "\\|")
