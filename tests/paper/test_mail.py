"""The mail about a document: its words, one link, and no way in for what a name holds."""

import re
from datetime import date
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearbill.paper.mail import Wording, message_id, published_mail
from clearbill.paper.mail_frame import Mail
from clearbill.rules.templates import UnknownParameter
from paper.documents import STAFF_MARKER, a_buyer, a_document, a_seller

LINK = "https://bills.example/portal/northwind/documents/D-000123?a=1&b=2"


def a_mail(status: str = "Open", **changes: Any) -> Mail:
    document = a_document(**changes)
    return published_mail(document, recipient="ann@contoso.example", link=LINK, status=status)


def test_a_change_of_status_stands_in_the_subject() -> None:
    expected = "Northwind Cloud: Microsoft CSP invoice INV-000042 is Voided, 1–30 Sep 2024"
    assert a_mail("Voided").subject == expected


def test_the_subject_names_reseller_provider_number_and_period() -> None:
    assert a_mail().subject == ("Northwind Cloud: Microsoft CSP invoice INV-000042, 1–30 Sep 2024")


def test_without_a_number_the_subject_names_the_document_id() -> None:
    assert " invoice D-000123, " in a_mail(invoice_number=None).subject


def test_both_bodies_name_all_that_a_customer_needs() -> None:
    mail = a_mail("Past Due", total="1234.50")
    for body in (mail.text, mail.html):
        for words in ("Northwind Cloud", "Microsoft CSP", "INV-000042", "1–30 Sep 2024",
                      "USD 1,234.50", "1 Nov 2024", "Past Due"):  # fmt: skip
            assert words in body


def test_there_is_one_link_and_it_is_escaped_in_html() -> None:
    mail = a_mail()
    assert re.findall(r"https?://\S+", mail.text) == [LINK]
    assert re.findall(r'href="([^"]+)"', mail.html) == [LINK.replace("&", "&amp;")]
    assert mail.html.count("http") == 1


def test_the_portals_address_stands_as_text_in_both_bodies() -> None:
    mail = a_mail()
    for body in (mail.text, mail.html):
        assert "All your documents are at bills.example/portal/northwind/" in body
    german = a_mail(language="de-AT").text
    assert "Alle Ihre Dokumente finden Sie unter bills.example/portal/northwind/" in german


def test_an_extended_due_date_stands_in_for_the_printed_one() -> None:
    mail = published_mail(
        a_document(), recipient="a@b.example", link=LINK, status="Open",
        due_extended_to=date(2024, 12, 24),
    )  # fmt: skip
    assert "24 Dec 2024" in mail.text
    assert "1 Nov 2024" not in mail.text


@pytest.mark.parametrize(("status", "owed"), [("Past Due", 1), ("Closed", 0), ("Voided", 0)])
def test_a_due_date_is_told_only_of_what_is_owed(status: str, owed: int) -> None:
    assert a_mail(status).text.count("1 Nov 2024") == owed


@pytest.mark.parametrize("status", ["Draft", "Discarded"])
def test_a_draft_is_never_announced(status: str) -> None:
    with pytest.raises(ValueError, match="never announced"):
        a_mail(status)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://x/\nBcc: y", "//x", "https://x y"]
)
def test_a_link_that_is_no_web_address_is_refused(link: str) -> None:
    with pytest.raises(ValueError, match="no web address"):
        published_mail(a_document(), recipient="a@b.example", link=link, status="Open")


@given(st.text(), st.text())
def test_no_name_can_break_a_header_or_the_html(seller: str, provider: str) -> None:
    mail = a_mail(
        seller={**a_seller(), "name": seller + "\r\nBcc: x@y.example"},
        provider={"code": "p", "name": provider + '"><script>alert(1)</script>'},
    )
    message = EmailMessage()
    message["Subject"] = mail.subject
    assert len(mail.subject) <= 200
    assert mail.subject.splitlines() == [mail.subject]
    assert "<script" not in mail.html
    assert message["Bcc"] is None


def test_a_long_name_does_not_push_number_and_period_out_of_the_subject() -> None:
    long = a_mail(seller={**a_seller(), "name": "N" * 500}).subject
    assert len(long) == 200
    assert long.endswith("INV-000042, 1–30 Sep 2024")


def test_the_message_id_is_the_same_on_every_try_and_another_for_each_delivery() -> None:
    first = message_id("delivery-1", "bills.example")
    assert first == message_id("delivery-1", "bills.example")
    assert first != message_id("delivery-2", "bills.example")
    assert re.fullmatch(r"<[0-9a-f]{40}@bills\.example>", first)
    assert message_id("x", "a>\r\nBcc:").endswith("@aBcc>")


def test_no_cost_is_in_a_mail() -> None:
    assert STAFF_MARKER not in "".join(a_mail()[:3])


def test_a_resellers_words_stand_above_facts_and_link_that_stay() -> None:
    mail = a_worded_mail(body="Dear {customer},\n\n{total}\nby {due_date}.", subject="{number}")
    assert mail.subject == "INV-000042"
    assert mail.text.startswith(
        "Dear Contoso Manufacturing Ltd.,\n\nUSD 599.00\nby 1 Nov 2024.\n\nFrom:"
    )
    assert "USD 599.00<br>by 1 Nov 2024." in mail.html
    assert f"See the document: {LINK}" in mail.text
    assert "A new document" not in mail.text


@given(st.text(), st.text())
def test_no_wording_and_no_value_becomes_markup_or_a_header(words: str, name: str) -> None:
    template = "<script>x</script> {customer}\r\nBcc: y@z.example " + re.sub("[{}]", "", words)
    buyer = {**a_buyer(), "legal_name": name + "<img src=x onerror=alert(1)>{total}"}
    mail = a_worded_mail(body=template, subject=template, buyer=buyer)
    assert "<script" not in mail.html
    assert "<img" not in mail.html
    assert mail.subject.splitlines() == [mail.subject]
    assert len(mail.subject) <= 200


def test_an_unknown_parameter_sends_nothing() -> None:
    with pytest.raises(UnknownParameter, match=r"no \{sum\}"):
        a_worded_mail(body="{sum}")


def a_worded_mail(*, body: str, subject: str = "", **changes: Any) -> Mail:
    return published_mail(
        a_document(**changes),
        recipient="ann@contoso.example",
        link=LINK,
        status="Open",
        wording=Wording(subject, body),
    )
