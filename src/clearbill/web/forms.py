"""Reading what a form gave; what cannot be read is refused at its field."""

from collections.abc import Mapping
from datetime import date

from clearbill.actions.common import Refused


def day(form: Mapping[str, str], name: str) -> date | None:
    """The date of a field, None where it is empty. Raises `Refused` for anything else."""
    text = form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused("%(text)r is no date; write YYYY-MM-DD.", field=name, text=text) from None


def lines(form: Mapping[str, str], name: str) -> str:
    """A text of several lines, with the line ends of ours instead of a browser's."""
    return form.get(name, "").replace("\r\n", "\n").strip()


def number_of_days(form: Mapping[str, str], name: str) -> int | None:
    """A whole number of days, None where it is empty. Raises `Refused` for anything else."""
    text = form.get(name, "").strip()
    if text and not (text.isascii() and text.isdecimal() and len(text) < 5):
        raise Refused("%(text)r is no number of days.", field=name, text=text)
    return int(text) if text else None


def number(form: Mapping[str, str], name: str) -> int | None:
    """The id of a row that a form names, None for anything else: it then names none."""
    return whole(form.get(name, ""))


def whole(text: str) -> int | None:
    """A text as an id or a version, None for anything else: `int` raises beyond 4,300 digits."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def field_values(form: Mapping[str, str]) -> dict[int, str]:
    """The custom fields that a form names as `field_<id>`, by id."""
    named = {
        whole(name.removeprefix("field_")): str(text)
        for name, text in form.items()
        if name.startswith("field_")
    }
    return {number: text for number, text in named.items() if number is not None}
