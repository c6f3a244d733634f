"""The guard of CSV text cells: what a spreadsheet would run or spoil gets a leading `'`.

The same rule stands here twice, for Python's csv and for DuckDB; a test keeps them equal. A text
that begins with `'` itself is guarded too, so that taking one `'` away always gives the original.
"""

import re

DANGEROUS = frozenset("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")
"""First characters that start a formula, hide one, or are the guard itself.

The last four are =, +, - and @ in full width, which a Japanese spreadsheet reads as the plain.
"""

# A spreadsheet keeps 15 digits, drops leading zeros, and reads 12E4 as a number.
_SPOILT = re.compile(r"(?:[0-9]{16,}|0[0-9]+|[0-9]+[eE][0-9]+)", re.ASCII)

_SQL_CODES = ", ".join(str(code) for code in sorted(map(ord, DANGEROUS)))


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs, and in which no id loses a digit."""
    if text and (text[0] in DANGEROUS or _SPOILT.fullmatch(text)):
        return "'" + text
    return text


def unguarded(cell: str) -> str:
    """The original of a guarded cell."""
    return cell.removeprefix("'")


def guarded_sql(expression: str) -> str:
    """A DuckDB expression that guards a VARCHAR expression as `guarded` does."""
    # Most texts begin with a letter: the pattern is tried on those that begin with a digit alone.
    return (
        f"CASE WHEN ascii({expression}) IN ({_SQL_CODES})"
        f" OR (ascii({expression}) BETWEEN 48 AND 57"
        f" AND regexp_full_match({expression}, '{_SPOILT.pattern}'))"
        f" THEN '''' || {expression} ELSE {expression} END"
    )
