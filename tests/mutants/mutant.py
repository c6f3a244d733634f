"""What a mutant is: one protection, and the tests that must miss it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`name` is what was taken out, as an operator would say it.

    `old` stands exactly once in `file`, which is below src/clearbill/; `new` stands there while
    `tests` run, which are below tests/ and leave nothing to chance.
    """

    kind: str
    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def of(kind: str, file: str, *tests: str) -> "Group":
    """Mutants of one kind and file that the same tests notice, unless one says otherwise."""
    return Group(kind, file, tests)


@dataclass(frozen=True)
class Group:
    """What neighbours in a list of mutants share."""

    kind: str
    file: str
    tests: tuple[str, ...]

    def without(self, name: str, old: str, new: str, *tests: str) -> Mutant:
        return Mutant(self.kind, name, self.file, old, new, tests or self.tests)
