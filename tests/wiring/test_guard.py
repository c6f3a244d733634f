"""The tests' guard against writes outside `actions` bites."""

from pathlib import Path

import pytest
from django.db import connection

import clearbill
from clearbill.records import clock
from clearbill.records.models import Reseller
from guard import WrittenOutsideActions

pytestmark = pytest.mark.django_db

_WRITE = """
def write(reseller, clock):
    return reseller.objects.create(slug="north", name="North", created_at=clock.now())
"""


def _written_by(room: str) -> Reseller:
    """Run the same write as if it stood in a file of that room."""
    names: dict[str, object] = {}
    file = Path(clearbill.__file__).parent / room / "somewhere.py"
    exec(compile(_WRITE, str(file), "exec"), names)  # noqa: S102
    write = names["write"]
    assert callable(write)
    made = write(Reseller, clock)
    assert isinstance(made, Reseller)
    return made


@pytest.mark.parametrize("room", ["console", "web", "jobs", "queries", "wiring"])
def test_a_write_of_another_room_is_refused(room: str) -> None:
    with pytest.raises(WrittenOutsideActions, match=f"{room} writes records_reseller"):
        _written_by(room)


def test_a_write_of_actions_passes() -> None:
    assert _written_by("actions").pk


def test_other_tables_are_not_its_business() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session")
