"""The parameters of an e-mail template: which there are, and how they are filled in.

Only `{name}` of a known name is replaced, once, from left to right: a value that holds `{total}`
itself stays as it is, and nothing in a template is ever run.
"""

import re
from collections.abc import Mapping

PARAMETERS = (
    "customer",
    "provider",
    "number",
    "period",
    "total",
    "due_date",
    "status",
    "link",
    "reseller",
)

_PARAMETER = re.compile(r"\{([^{}\n]*)\}")


class UnknownParameter(ValueError):
    """A template names a parameter that does not exist; the message lists those that do."""


def check(template: str) -> None:
    """Raise `UnknownParameter` for the first `{…}` that is none of `PARAMETERS`.

    A brace that opens or closes nothing is plain text.
    """
    for name in _PARAMETER.findall(template):
        if name not in PARAMETERS:
            there_are = ", ".join(f"{{{known}}}" for known in PARAMETERS)
            raise UnknownParameter(f"there is no {{{name[:40]}}}; use {there_are}")


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its parameters' values. Raises `UnknownParameter` as `check` does.

    `values` has all of `PARAMETERS`; what a document lacks is an empty text.
    """
    check(template)
    return _PARAMETER.sub(lambda found: values[found[1]], template)
