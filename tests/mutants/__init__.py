"""Protections to take out, one at a time; `make mutants` sees whether a test notices."""

from mutants import doors, law, money, work

# Those of the law last: each of them builds a database of its own, which drives others out.
MUTANTS = [*money.MUTANTS, *doors.MUTANTS, *work.MUTANTS, *law.MUTANTS]
