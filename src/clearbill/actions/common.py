"""What every verb takes and raises: who acts, and why something was refused."""

from dataclasses import dataclass

from clearbill.rules import access


@dataclass(frozen=True)
class Actor:
    """Who acts: the name that the trail shows (an e-mail, `cli:USER`, `System`) and the role."""

    name: str
    role: str = access.Role.OWNER.value

    def require(self, verb: str) -> None:
        """Raise `access.Forbidden` unless this role may take the verb."""
        access.require(self.role, verb)


SYSTEM = Actor("System")


class Refused(Exception):
    """The verb was not carried out and nothing changed; the message says why and what to do.

    `field` names the input at fault where there is one, for a form to show the message beside.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
