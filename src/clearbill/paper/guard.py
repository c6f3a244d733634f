"""The guard of CSV text cells: what a spreadsheet would run or spoil gets a `'` before it.

A spreadsheet that takes `;` for the separator, as a German one does, splits the cells of our
comma-separated files, and cuts a cell of several lines at their ends: what stands behind such a
place inside a cell is guarded like the cell's beginning.

The same rule stands here twice, for Python's csv and for DuckDB; a test keeps them equal. A `'`
that stands where ours would is guarded too, so that taking ours away always gives the original.
"""

import re

DANGEROUS = frozenset("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")
"""First characters that start a formula, hide one, or are the guard itself.

The last four are =, +, - and @ in full width, which a Japanese spreadsheet reads as the plain.
"""

SEPARATORS = ";\t\r\n"
# No character is a separator as well, so that one pass, without looking ahead, finds all.
# Quotes at the beginning of a cell are taken off it before it is read.
_INNER = re.compile(f"([{SEPARATORS}])(\"*[=+\\-@'\uff1d\uff0b\uff0d\uff20])")

# A spreadsheet keeps 15 digits, drops leading zeros, and reads 12E4 as a number.
_SPOILT = re.compile(r"(?:[0-9]{16,}|0[0-9]+|[0-9]+[eE][0-9]+)", re.ASCII)

_FIRST = "".join(sorted(DANGEROUS - {"-"})) + "-"
_SQL_FIRST = f"^(?:[{_FIRST}]|(?:{_SPOILT.pattern})$)".replace("'", "''")
_SQL_INNER = _INNER.pattern.replace("'", "''")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs, and in which no id loses a digit."""
    inside = _INNER.sub(r"\1'\2", text)
    if text and (text[0] in DANGEROUS or _SPOILT.fullmatch(text)):
        return "'" + inside
    return inside


def unguarded(cell: str) -> str:
    """The original of a guarded cell."""
    return re.sub(f"([{SEPARATORS}])'", r"\1", cell.removeprefix("'"))


def guarded_sql(expression: str) -> str:
    """A DuckDB expression that guards a VARCHAR expression as `guarded` does."""
    # Looking for four characters costs a sixth of trying a pattern, and few texts have one.
    some = " OR ".join(f"contains({expression}, chr({ord(each)}))" for each in SEPARATORS)
    inside = (
        f"CASE WHEN {some} THEN regexp_replace({expression}, '{_SQL_INNER}', '\\1''\\2', 'g')"
        f" ELSE {expression} END"
    )
    # One pattern and no list of letters: the engine makes a join of a list, which is slow and
    # loses the order of the rows.
    first = f"regexp_matches({expression}, '{_SQL_FIRST}')"
    return f"CASE WHEN {first} THEN '''' || {inside} ELSE {inside} END"
