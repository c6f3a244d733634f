"""E-mail templates: what is kept, what is refused, and what goes out by them."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from actions.test_branding import picture
from actions.test_send_mail import Moody, owed, post
from clearbill.actions.accounts import assign_all
from clearbill.actions.branding import set_branding, set_logo
from clearbill.actions.common import Actor, Refused
from clearbill.actions.customers import change_customer
from clearbill.actions.mail_templates import change_template, reset_template, send_test
from clearbill.actions.notify import resend_notification
from clearbill.actions.send_letter import send_letter
from clearbill.actions.send_mail import send_mail
from clearbill.paper.mail import Wording
from clearbill.queries.mail_templates import example, of_kind
from clearbill.records.files import file_store
from clearbill.records.models import Delivery, Document, Event, Letter, MailTemplate, Reseller
from clearbill.rules.access import Forbidden
from clearbill.rules.lifecycle import Status
from clearbill.rules.notification import SWITCHED_OFF
from makers import OWNER, change, generate, give_usage, make_drafts, rows_of

__all__ = ["owed", "post"]

PUBLISHED, CHANGED = MailTemplate.KINDS


def template(reseller: Reseller, kind: str = PUBLISHED, **values: Any) -> MailTemplate:
    return change_template(reseller_id=reseller.pk, actor=OWNER, kind=kind, **values)


def sent(delivery: Delivery, post: Moody) -> EmailMessage:
    send_mail(reseller_id=delivery.reseller_id, delivery_id=delivery.pk)
    return post.letters[-1][1]


def body(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.fixture
def staff(north: Reseller) -> Iterator[str]:
    from clearbill.actions.users import add_user

    add_user(reseller_id=north.pk, actor=OWNER, email="ann@north.example", role="billing")
    yield "ann@north.example"


def test_the_resellers_words_go_out_with_facts_and_link(
    north: Reseller, owed: list[Delivery], post: Moody
) -> None:
    template(north, words={"subject_en": "{number} is here", "body_en": "Hi {customer},\n\nbye."})
    letter = sent(owed[0], post)
    assert letter["subject"] == "INV-000001 is here"
    for kind in ("plain", "html"):
        assert "Hi Customer 0001," in body(letter, kind)
        assert "USD 10.00" in body(letter, kind)
        assert "/portal/north/invoices/D-000001/" in body(letter, kind)


def test_a_german_customer_gets_the_german_words(
    north: Reseller, tmp_path: Path, post: Moody
) -> None:
    draft = make_drafts(north, tmp_path)[0]
    change_customer(
        reseller_id=north.pk,
        actor=OWNER,
        customer_id=draft.customer_id,
        recipients=["a@example.com"],
        language="de",
    )
    template(north, words={"body_en": "English", "body_de": "Fällig am {due_date}: {total}."})
    change(north, draft.code, to=Status.OPEN, notify=True)
    text = body(sent(Delivery.objects.get(), post))
    assert "USD 10,00." in text
    assert "English" not in text
    assert "Dokument ansehen" in text


def test_a_later_status_has_the_other_template(
    north: Reseller, owed: list[Delivery], post: Moody
) -> None:
    template(north, words={"body_en": "PUBLISHED"})
    template(north, CHANGED, words={"body_en": "It is {status} now"})
    assert "PUBLISHED" in body(sent(owed[0], post))
    change(north, owed[0].document.code, to=Status.CLOSED, notify=True)
    later = Delivery.objects.order_by("pk").last()
    assert later is not None
    assert "It is Closed now" in body(sent(later, post))


def test_copies_are_letters_of_their_own_and_nobody_sees_them(
    north: Reseller, owed: list[Delivery], post: Moody
) -> None:
    template(north, bcc=["archive@north.example"], reply_to="billing@north.example")
    for _ in range(2):
        send_mail(reseller_id=north.pk, delivery_id=owed[0].pk)
    copy = Letter.objects.get()
    send_letter(reseller_id=north.pk, letter_id=copy.pk)
    assert [to for to, _ in post.letters] == [["a@example.com"], ["archive@north.example"]]
    assert "archive@" not in post.letters[0][1].as_string()
    assert [letter["reply-to"] for _, letter in post.letters] == ["billing@north.example"] * 2
    assert body(post.letters[1][1]) == body(post.letters[0][1])


def test_a_mail_that_the_server_refuses_has_no_copy(
    north: Reseller, owed: list[Delivery], post: Moody
) -> None:
    template(north, bcc=["archive@north.example"])
    post.answer = "550 no such mailbox"
    send_mail(reseller_id=north.pk, delivery_id=owed[0].pk)
    assert not Letter.objects.exists()


def test_the_logo_travels_inside_the_mail(north: Reseller, tmp_path: Path, post: Moody) -> None:
    digest = set_logo(reseller_id=north.pk, actor=OWNER, data=picture())
    draft = make_drafts(north, tmp_path)[0]
    change_customer(
        reseller_id=north.pk, actor=OWNER, customer_id=draft.customer_id, recipients=["a@b.example"]
    )
    change(north, draft.code, to=Status.OPEN, notify=True)
    letter = sent(Delivery.objects.get(), post)
    image = next(part for part in letter.walk() if part.get_content_type() == "image/png")
    assert image["content-id"] == "<logo>"
    assert image.get_content() == file_store().read_bytes(f"branding/{north.pk}/{digest}.png")
    assert 'src="cid:logo" alt="North"' in body(letter, "html")


def test_a_lost_logo_does_not_hold_up_the_words(
    north: Reseller, tmp_path: Path, post: Moody
) -> None:
    digest = set_logo(reseller_id=north.pk, actor=OWNER, data=picture())
    draft = make_drafts(north, tmp_path)[0]
    change_customer(
        reseller_id=north.pk, actor=OWNER, customer_id=draft.customer_id, recipients=["a@b.example"]
    )
    change(north, draft.code, to=Status.OPEN, notify=True)
    file_store().delete(f"branding/{north.pk}/{digest}.png")
    assert "cid:" not in body(sent(Delivery.objects.get(), post), "html")


@pytest.fixture
def told(north: Reseller, tmp_path: Path) -> Document:
    """A draft whose customer has a recipient."""
    draft = make_drafts(north, tmp_path)[0]
    change_customer(
        reseller_id=north.pk, actor=OWNER, customer_id=draft.customer_id, recipients=["a@b.example"]
    )
    return draft


def test_a_kind_that_is_switched_off_is_not_sent(north: Reseller, told: Document) -> None:
    template(north, enabled=False)
    published = change(north, told.code, to=Status.OPEN, notify=True)[0]
    assert (published.changed, published.notified) == (True, [])
    assert f"no mail: {SWITCHED_OFF}" in published.warnings
    assert not Event.objects.filter(notified=True).exists()
    with pytest.raises(Refused, match="switched off"):
        resend_notification(reseller_id=north.pk, actor=OWNER, document=told.code)
    closed = change(north, told.code, to=Status.CLOSED, notify=True)[0]
    assert closed.notified == ["a@b.example"]
    assert Delivery.objects.count() == 1


def test_a_kind_is_switched_on_again_and_its_words_stay(north: Reseller, told: Document) -> None:
    template(north, enabled=False)
    template(north, words={"body_en": "x"})
    assert of_kind(north.pk, PUBLISHED).enabled is False
    template(north, enabled=True)
    assert change(north, told.code, to=Status.OPEN, notify=True)[0].notified == ["a@b.example"]


def test_a_document_of_nothing_is_not_mailed_again_either(north: Reseller, tmp_path: Path) -> None:
    give_usage(north, tmp_path, rows_of("0001", cost="0"))
    assign_all(reseller_id=north.pk, actor=OWNER)
    draft = generate(north).documents[0]
    change_customer(
        reseller_id=north.pk, actor=OWNER, customer_id=draft.customer_id, recipients=["a@b.example"]
    )
    change(north, draft.code, to=Status.OPEN)
    with pytest.raises(Refused, match=r"comes to 0\.00"):
        resend_notification(reseller_id=north.pk, actor=OWNER, document=draft.code)


def test_a_reset_brings_back_the_built_in_words_and_leaves_the_rest(north: Reseller) -> None:
    words = {"subject_en": "a", "body_en": "b", "subject_de": "c", "body_de": "d"}
    template(north, enabled=False, bcc=["x@north.example"], words=words)
    reset_template(reseller_id=north.pk, actor=OWNER, kind=PUBLISHED)
    row = of_kind(north.pk, PUBLISHED)
    assert [getattr(row, name) for name in words] == ["", "", "", ""]
    assert (row.enabled, row.bcc) == (False, ["x@north.example"])


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"words": {"body_en": "Pay {amount}"}}, "body_en", r"no \{amount\}; use \{customer\}"),
        ({"words": {"subject_de": "{0.__class__}"}}, "subject_de", "there is no"),
        ({"words": {"subject_en": "a\nBcc: x@y.example"}}, "subject_en", "one line"),
        ({"words": {"subject_en": "x" * 201}}, "subject_en", "at most 200"),
        ({"words": {"body_en": "x" * 5001}}, "body_en", "at most 5000"),
        ({"reply_to": "nobody"}, "reply_to", "no e-mail address"),
        ({"bcc": ["a@b.example\nTo: x@y.example"]}, "bcc", "no e-mail address"),
        ({"bcc": [f"{n}@north.example" for n in range(6)]}, "bcc", "at most 5"),
    ],
)
def test_what_is_no_template_is_refused_at_its_field(
    north: Reseller, values: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(Refused, match=said) as caught:
        template(north, **values)
    assert caught.value.field == field
    assert not MailTemplate.objects.exists()


def test_an_unknown_kind_and_sales_are_refused(north: Reseller) -> None:
    with pytest.raises(Refused, match="published or status-changed"):
        template(north, "reminder")
    with pytest.raises(Forbidden):
        reset_template(reseller_id=north.pk, actor=Actor("s", "sales"), kind=PUBLISHED)


def test_a_test_goes_to_staff_with_words_that_nobody_saved(north: Reseller, staff: str) -> None:
    send_test(
        reseller_id=north.pk,
        actor=OWNER,
        recipient=staff,
        kind=CHANGED,
        language="de",
        wording=Wording("", "Nun {status}"),
    )
    letter = Letter.objects.get()
    assert (letter.kind, letter.recipient) == ("plain", staff)
    assert letter.subject.startswith("Test: North: Microsoft CSP Rechnung INV-000042")
    assert "Nun Überfällig" in letter.text
    assert not MailTemplate.objects.exists()


def test_a_test_looks_as_mails_will_from_now_on(
    north: Reseller, staff: str, post: Moody, tmp_path: Path
) -> None:
    change(north, make_drafts(north, tmp_path)[0].code, to=Status.OPEN)
    set_logo(reseller_id=north.pk, actor=OWNER, data=picture())
    brand = {"colour": "#7a1f5c", "accent_colour": "#7a1f5c", "footer": ""}
    set_branding(reseller_id=north.pk, actor=OWNER, **brand)
    send_test(
        reseller_id=north.pk, actor=OWNER, recipient=staff, kind=PUBLISHED,
        language="en", wording=Wording(),
    )  # fmt: skip
    send_letter(reseller_id=north.pk, letter_id=Letter.objects.get().pk)
    letter = post.letters[-1][1]
    assert "image/png" in [part.get_content_type() for part in letter.walk()]
    assert "background:#7a1f5c" in body(letter, "html")


def test_a_test_goes_to_nobody_else_and_about_no_document_that_is_not_there(
    north: Reseller, staff: str
) -> None:
    for recipient, code in (("stranger@example.com", ""), (staff, "D-999999")):
        with pytest.raises(Refused):
            send_test(
                reseller_id=north.pk,
                actor=OWNER,
                recipient=recipient,
                kind=PUBLISHED,
                language="en",
                wording=Wording(),
                document=code,
            )
    assert not Letter.objects.exists()


def test_a_preview_takes_the_newest_published_document_or_the_one_that_is_named(
    north: Reseller, tmp_path: Path
) -> None:
    assert example(north.pk) is None
    first, second, third = make_drafts(north, tmp_path, 3)
    change(north, first.code, to=Status.OPEN)
    change(north, second.code, to=Status.OPEN)
    newest, named = example(north.pk), example(north.pk, third.code)
    assert (newest and newest.code, named and named.code) == (second.code, third.code)
