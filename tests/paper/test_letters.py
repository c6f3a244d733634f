"""Invitations, resets and tickets by mail: in the reseller's looks, with one link."""

import re
from collections.abc import Iterator
from email.message import EmailMessage, Message

import pytest
from django.core import mail
from django.test import override_settings

from actions.test_branding import picture
from clearbill.actions.branding import remove_logo, set_branding, set_logo
from clearbill.actions.common import Actor
from clearbill.actions.customers import add_customer, change_customer
from clearbill.actions.invitations import invite
from clearbill.actions.people import send_reset
from clearbill.actions.send_letter import send_letter
from clearbill.actions.tickets import answer_ticket, open_ticket
from clearbill.actions.users import add_user
from clearbill.paper import ticket_mail
from clearbill.paper.mail_frame import LOGO_ID, Look
from clearbill.records import tenancy
from clearbill.records.models import Letter, Membership, Reseller
from makers import OWNER, make_reseller

pytestmark = pytest.mark.django_db(transaction=True)

ASKER = "asker@contoso.example"
PORTAL = "bills.example/portal/north/"


@pytest.fixture
def north(transactional_db: None) -> Iterator[Reseller]:
    """In purple with a logo, at https://bills.example, its customer Contoso reading German."""
    made = make_reseller()
    with tenancy.using(made.pk), override_settings(CLEARBILL_URL="https://bills.example"):
        set_branding(
            reseller_id=made.pk, actor=OWNER, colour="#7c3aed", accent_colour="#1f5aa6", footer=""
        )
        set_logo(reseller_id=made.pk, actor=OWNER, data=picture(at=(400, 100)))
        customer = add_customer(reseller_id=made.pk, actor=OWNER, name="Contoso")
        change_customer(reseller_id=made.pk, actor=OWNER, customer_id=customer.pk, language="de")
        add_user(reseller_id=made.pk, actor=OWNER, email=ASKER, role="", customer_id=customer.pk)
        yield made


def asked(north: Reseller) -> str:
    member = Membership.objects.get(user__email=ASKER)
    return open_ticket(
        reseller_id=north.pk,
        actor=Actor(ASKER, "portal"),
        user_id=member.user_id,
        customer_id=member.customer_id,
        subject="Why?",
        category="Invoice",
        priority="Normal",
        text="Too much.",
    ).code


def sent(north: Reseller) -> Message:
    """The newest letter, as it goes out."""
    letter = Letter.objects.latest("pk")
    send_letter(reseller_id=north.pk, letter_id=letter.pk)
    return mail.outbox[-1].message()


def part(message: Message, kind: str) -> str:
    found = next(each for each in message.walk() if each.get_content_type() == kind)
    content = found.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def letters(north: Reseller) -> Iterator[Message]:
    member = Membership.objects.get(user__email=ASKER)
    invite(reseller_id=north.pk, actor=OWNER, email="new@contoso.example",
           customer_id=member.customer_id)  # fmt: skip
    yield sent(north)
    send_reset(reseller_id=north.pk, actor=OWNER, membership_id=member.pk)
    yield sent(north)
    answer_ticket(reseller_id=north.pk, actor=OWNER, ticket=asked(north), text="Because.")
    yield sent(north)


def test_letters_have_the_resellers_colour_and_logo(north: Reseller) -> None:
    for message in letters(north):
        html = part(message, "text/html")
        assert "background:#7c3aed" in html
        assert f'src="cid:{LOGO_ID}" alt="North"' in html
        pictures = [each for each in message.walk() if each.get_content_type() == "image/png"]
        assert [each["Content-ID"] for each in pictures] == [f"<{LOGO_ID}>"]


def test_letters_have_one_link_and_name_the_portal_as_text(north: Reseller) -> None:
    for message in letters(north):
        text, html = part(message, "text/plain"), part(message, "text/html")
        assert len(re.findall(r"https?://", text)) == 1
        assert re.findall(r'href="([^"]+)"', html) == re.findall(r"https?://\S+", text)
        assert f" {PORTAL}" in text
        assert f" {PORTAL}" in html


def test_letters_to_a_german_customer_are_german(north: Reseller) -> None:
    found = [part(message, "text/plain") for message in letters(north)]
    for text, words in zip(found, ("Einladung annehmen", "Neues Passwort", "Lesen"), strict=True):
        assert words in text


def test_a_reseller_without_a_logo_sends_none(north: Reseller) -> None:
    remove_logo(reseller_id=north.pk, actor=OWNER)
    for message in letters(north):
        assert "cid:" not in part(message, "text/html")
        assert not any(each.get_content_type() == "image/png" for each in message.walk())


def test_a_question_reaches_staff_with_the_link_to_the_console_alone(north: Reseller) -> None:
    add_user(reseller_id=north.pk, actor=OWNER, email="o@north.example", role="owner")
    code = asked(north)
    text = part(sent(north), "text/plain")
    assert f"https://bills.example/console/north/tickets/{code}/" in text
    assert "/portal/" not in text


def test_a_ticket_says_who_asks_and_about_which_line() -> None:
    made = ticket_mail.written(
        "new", code="T-1", subject="Why?", text="Too much.", link="https://x.example/",
        look=Look("North", "#123456"), language="en", customer="Contoso",
        about=ticket_mail.About("INV-000007", 3, "Compute D4s"),
    )  # fmt: skip
    assert made.subject == "New ticket T-1 (Contoso, INV-000007): Why?"
    assert made.text.startswith("Contoso\n\nINV-000007, line 3: Compute D4s\n\nToo much.")
    assert "INV-000007, line 3: Compute D4s" in made.html


def test_an_answer_names_the_document_in_its_language() -> None:
    made = ticket_mail.written(
        "answer", code="T-1", subject="Warum?", text="Darum.", link="https://x.example/",
        look=Look("North", "#123456"), language="de", about=ticket_mail.About("INV-000007", 3),
    )  # fmt: skip
    assert made.subject == "Antwort auf Ihre Anfrage T-1 (INV-000007): Warum?"
    assert "INV-000007, Zeile 3\n" in made.text


def test_no_ticket_becomes_markup_or_a_header() -> None:
    made = ticket_mail.written(
        "new", code="T-1", subject="x\r\nBcc: y@z.example", text="<script>a</script>\nb",
        link="https://x.example/", look=Look('"><img src=x>', "#123456"), language="en",
    )  # fmt: skip
    message = EmailMessage()
    message["Subject"] = made.subject
    assert message["Bcc"] is None
    assert "<script" not in made.html
    assert "<img" not in made.html
    assert "&lt;script&gt;a&lt;/script&gt;<br>b" in made.html
