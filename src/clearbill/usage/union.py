"""The columns of all files of a delivery side by side, and the dictionaries of their words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from clearbill.usage.engines.duckdb import literal, run
from clearbill.usage.feeds import focus
from clearbill.usage.reading import Read

TEXT = "VARCHAR"
_MOST_WORDS = 1 << 18
"""Words of one dictionary, which is held in memory; a column with more stays text."""

_STAND_INS = (
    ("SubAccountId", "BillingAccountId"),
    ("SubAccountName", "BillingAccountName"),
    ("SkuId", "SkuPriceId"),
    ("PricingUnit", "ConsumedUnit"),
    ("ResourceId", "ResourceName"),
)
"""A column and the one that is read where it is null: they have one dictionary."""


@dataclass(frozen=True)
class Dictionary:
    """What is known of all words of a dictionary: none needs an escape in a line key (`bare`), and
    none has more characters than `longest`."""

    bare: bool
    longest: int


@dataclass(frozen=True)
class Union:
    """`columns` in order, `place` by compared name.

    `kinds` has the type of each place: TEXT, or a dictionary's name, which is an ENUM of the engine
    whose words are sorted and have '' among them. `filled` are the places where null never stands,
    `only` those that have one word in all rows, or null in all, and that.
    """

    columns: tuple[str, ...]
    place: Mapping[str, int]
    kinds: tuple[str, ...]
    filled: frozenset[int]
    only: Mapping[int, str | None]
    dictionaries: Mapping[str, Dictionary]

    def cell(self, column: str) -> str:
        """The SQL of a FOCUS column over `staged`, NULL where the delivery has none."""
        place = self.place.get(focus.key_of(column))
        return f"CAST(NULL AS {TEXT})" if place is None else self.at(place)

    def at(self, place: int) -> str:
        """The SQL of a place over `staged`, which has no column where there is only one word."""
        if place not in self.only:
            return f"u{place}"
        word = self.only[place]
        return f"CAST({'NULL' if word is None else literal(word)} AS {self.kinds[place]})"

    def word(self, column: str) -> str | None:
        """The one word that a FOCUS column has in all rows."""
        place = self.place.get(focus.key_of(column))
        return None if place is None else self.only.get(place)

    def first(self, *columns: str) -> str:
        """The SQL of the first of the columns that is not null, of '' where all are."""
        places = self._read(columns)
        kind = self.kind(*columns)
        cells = [f"CAST({self.at(place)} AS {kind})" for place in places]
        if not places or places[-1] not in self.filled:
            cells.append(f"CAST('' AS {kind})")
        return cells[0] if len(cells) == 1 else f"coalesce({', '.join(cells)})"

    def kind(self, *columns: str) -> str:
        """The type of `first`."""
        kinds = {self.kinds[place] for place in self._read(columns)}
        return kinds.pop() if len(kinds) == 1 else TEXT

    def always(self, column: str) -> bool:
        """Whether the column is null in no row."""
        return self.place.get(focus.key_of(column)) in self.filled

    def _read(self, columns: Sequence[str]) -> list[int]:
        """The places of those that are there, up to one that is never null."""
        found: list[int] = []
        for column in columns:
            place = self.place.get(focus.key_of(column))
            if place is not None:
                found.append(place)
                if place in self.filled:
                    break
        return found


def unite(connection: duckdb.DuckDBPyConnection, files: Sequence[Read]) -> Union:
    """The columns of the files together; makes their dictionaries in the engine."""
    columns: list[str] = []
    place: dict[str, int] = {}
    for file in files:
        for column in file.source.header:
            if focus.key_of(column) not in place:
                place[focus.key_of(column)] = len(columns)
                columns.append(column)
    kinds = dict.fromkeys(place, TEXT)
    dictionaries = {}
    for nth, keys in enumerate(_with_one_dictionary(files, list(place))):
        name = f"words_of_{nth}"
        kinds |= dict.fromkeys(keys, name)
        dictionaries[name] = _dictionary(connection, name, files, keys)
    filled = frozenset(
        place[key]
        for key in place
        if all(key in file.words and not file.words[key].nulls for file in files)
    )
    only = {place[key]: words.pop() for key in place if len(words := _in_all(files, key)) == 1}
    return Union(tuple(columns), place, tuple(kinds.values()), filled, only, dictionaries)


def _in_all(files: Sequence[Read], key: str) -> set[str | None]:
    """The one value of the column in each file; more, or none, where it is not the same."""
    found: set[str | None] = set()
    for file in files:
        words = file.words.get(key)
        if words is None or not words.same:
            return set()
        found.add(words.only)
    return found


def _with_one_dictionary(files: Sequence[Read], keys: Sequence[str]) -> list[list[str]]:
    """The columns that get dictionaries, those together that share one."""
    leader = {focus.key_of(other): focus.key_of(one) for one, other in _STAND_INS}
    groups: dict[str, list[str]] = {}
    words: dict[str, int] = {}
    for key in keys:
        having = [file for file in files if _place(file, key) is not None]
        if not all(key in file.words for file in having):
            continue
        group = leader.get(key, key)
        count = sum(file.words[key].count for file in having)
        if words.get(group, 0) + count <= _MOST_WORDS:
            words[group] = words.get(group, 0) + count
            groups.setdefault(group, []).append(key)
    return list(groups.values())


def _place(file: Read, key: str) -> int | None:
    places = (n for n, column in enumerate(file.source.header) if focus.key_of(column) == key)
    return next(places, None)


def _dictionary(
    connection: duckdb.DuckDBPyConnection, name: str, files: Sequence[Read], keys: Sequence[str]
) -> Dictionary:
    """Makes the type of the words of these columns."""
    parts = [
        f"SELECT c{place} AS word FROM words{file.number} WHERE c{place} IS NOT NULL"  # noqa: S608
        for file in files
        for key in keys
        if (place := _place(file, key)) is not None
    ]
    words = " UNION ".join([*parts, "SELECT ''"])
    run(connection, f"CREATE TYPE {name} AS ENUM (SELECT word FROM ({words}) ORDER BY word)")  # noqa: S608
    (row,) = connection.execute(
        f"SELECT bool_or(contains(word, '|') OR contains(word, {literal(chr(92))})), "  # noqa: S608
        f"max(length(word)) FROM (SELECT unnest(enum_range(CAST(NULL AS {name}))) AS word)"
    ).fetchall()
    return Dictionary(bare=not row[0], longest=row[1])
