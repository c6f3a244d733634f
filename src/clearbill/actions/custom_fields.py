"""Custom fields: which ones documents have, and a customer's defaults."""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Max, Q

from clearbill.actions.common import Actor, Refused
from clearbill.queries import custom_fields as reading
from clearbill.records import clock, tenancy
from clearbill.records.models import BillingProfile, CustomField, ResellerSettings
from clearbill.rules import custom_fields as rules

MOST_FIELDS = 50
MOST_NAME = 60

_FLAGS = ("required", "printed", "visible", "active")


def add_field(
    *,
    reseller_id: int,
    actor: Actor,
    name: str,
    kind: str,
    choices: Sequence[str] = (),
    required: bool = False,
    printed: bool = True,
    visible: bool = True,
) -> CustomField:
    """Add a field to all drafts and to documents from now on; it stands last.

    `kind` is text, number, date or choice and stays. Raises `Refused` by field.
    """
    actor.require("settings.edit")
    if kind not in rules.KINDS:
        raise Refused(
            "%(kind)r is no kind; use one of %(kinds)s",
            field="kind",
            kind=kind,
            kinds=", ".join(rules.KINDS),
        )
    with tenancy.transaction(reseller_id):
        _lock_settings(reseller_id)
        fields = CustomField.objects.filter(reseller_id=reseller_id)
        if fields.count() >= MOST_FIELDS:
            raise Refused(
                "there are at most %(most)s fields: use one of them anew", most=MOST_FIELDS
            )
        last = fields.aggregate(last=Max("position"))["last"]
        field = CustomField(
            reseller_id=reseller_id,
            kind=kind,
            position=0 if last is None else last + 1,
            created_at=clock.now(),
            required=required,
            printed=printed,
            visible=visible,
        )
        _fill(field, name, choices)
        field.save()
        return field


def change_field(
    *,
    reseller_id: int,
    actor: Actor,
    field_id: int,
    name: str | None = None,
    choices: Sequence[str] | None = None,
    position: int | None = None,
    **flags: bool,
) -> CustomField:
    """Change a field on drafts and documents to come; published ones keep what they froze.

    `flags` are required, printed, visible and active. Its kind stays: values were checked by it.
    """
    actor.require("settings.edit")
    unknown = set(flags) - set(_FLAGS)
    if unknown:
        raise TypeError(f"no such flags of a field: {sorted(unknown)}")
    with tenancy.transaction(reseller_id):
        _lock_settings(reseller_id)
        field = CustomField.objects.filter(reseller_id=reseller_id, pk=field_id).first()
        if field is None:
            raise Refused("no custom field %(id)s here", field="field", id=field_id)
        for flag, value in flags.items():
            setattr(field, flag, value)
        if position is not None:
            if not 0 <= position <= 999:
                raise Refused("a position is between 0 and 999", field="position")
            field.position = position
        before = set(field.choices)
        _fill(
            field,
            field.name if name is None else name,
            field.choices if choices is None else choices,
        )
        _refuse_defaults_without_choice(field, before - set(field.choices))
        field.save()
        return field


def set_customer_defaults(
    *, reseller_id: int, actor: Actor, customer_id: int, values: Mapping[int, str]
) -> None:
    """Set what a customer's next drafts have in these fields; empty takes the default away.

    Fields that are not named keep theirs. Drafts stay as they are. Raises `Refused` by field.
    """
    actor.require("customers.edit")
    with tenancy.transaction(reseller_id):
        _lock_settings(reseller_id)
        profile = (
            BillingProfile.objects.select_for_update()
            .filter(reseller_id=reseller_id, customer_id=customer_id, is_default=True)
            .first()
        )
        if profile is None:
            raise Refused("no customer %(id)s here", field="customer", id=customer_id)
        checked = checked_values(reseller_id, values, profile.custom_fields)
        profile.custom_fields = merged_values(profile.custom_fields, checked)
        profile.save(update_fields=["custom_fields"])


def _lock_settings(reseller_id: int) -> None:
    """Hold the settings' row: fields, and values that depend on them, change in turn."""
    ResellerSettings.objects.select_for_update().get(reseller_id=reseller_id)


def _fill(field: CustomField, name: str, choices: Iterable[str]) -> None:
    try:
        field.name = rules.name(name, MOST_NAME)
    except rules.BadValue as error:
        raise Refused(str(error), field="name") from None
    taken = CustomField.objects.filter(reseller_id=field.reseller_id, name__iexact=field.name)
    if taken.exclude(pk=field.pk).exists():
        raise Refused(
            "a field %(name)r exists already: take another name", field="name", name=field.name
        )
    try:
        field.choices = rules.choices(field.kind, list(choices))
    except rules.BadValue as error:
        raise Refused(str(error), field="choices") from None
    if field.printed and not field.visible:
        raise Refused(
            "what is printed is visible to the customer: switch Printed off, or Visible on",
            field="printed",
        )


def _refuse_defaults_without_choice(field: CustomField, gone: set[str]) -> None:
    """A default that is no choice any more would be on drafts that nobody typed it on."""
    if not gone:
        return
    # Not by the key alone: Django takes a key of digits for a place in a list.
    with_one = Q(pk__in=[])
    for choice in gone:
        with_one |= Q(custom_fields__contains={str(field.pk): choice})
    having = BillingProfile.objects.filter(with_one, reseller_id=field.reseller_id)
    names = list(having.order_by("customer__name").values_list("customer__name", flat=True))
    if names:
        raise Refused(
            "%(count)s of your customers have one of these as default, such as %(name)s: change"
            " that first",
            field="choices",
            count=len(names),
            name=names[0],
        )


def checked_values(
    reseller_id: int, values: Mapping[int, str], before: Mapping[str, str]
) -> list[tuple[CustomField, str]]:
    """The fields that change with their values as they are kept, in the fields' order.

    A value that stays is not looked at: it may be a choice that has gone since. Raises `Refused`
    by field, `field_<id>`.
    """
    fields = {f.pk: f for f in reading.active(reseller_id)}
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise Refused("no custom field %(id)s here, or it is switched off", id=unknown[0])
    checked = []
    for pk, field in fields.items():
        had = before.get(str(pk), "")
        if values.get(pk, had) == had:
            continue
        try:
            text = rules.value(field.kind, field.choices, values[pk])
        except rules.BadValue as error:
            raise Refused(
                "%(name)s: %(error)s", field=f"field_{pk}", name=field.name, error=error
            ) from None
        if text != had:
            checked.append((field, text))
    return checked


def merged_values(
    before: Mapping[str, str], checked: Iterable[tuple[CustomField, str]]
) -> dict[str, str]:
    """The values of before with these over them; what is empty is left out."""
    merged = {**before, **{str(field.pk): text for field, text in checked}}
    return {key: text for key, text in merged.items() if text}
