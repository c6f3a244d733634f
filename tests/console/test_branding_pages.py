"""Settings, Branding and E-mails: seen before they are saved, refused at their fields; and the
portal in the reseller's colours."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from actions.test_branding import picture
from clearbill.records import tenancy
from clearbill.records.models import Letter, MailTemplate, ResellerSettings
from console.reading import read, tag, words
from console.test_queries import AT_MOST, FRAME
from doors.two_resellers import Month, make_month, member

pytestmark = pytest.mark.django_db(transaction=True)

BRANDING = "/console/north/settings/branding/"
MAILS = "/console/north/settings/mails/"
LOOK = {"colour": "#7c3aed", "accent_colour": "#e8590c", "footer": "Call us"}
WORDS = {"subject_en": "", "body_en": "", "subject_de": "", "body_de": ""}
MAIL = {"kind": "published", "enabled": "on", "reply_to": "", "bcc": "", **WORDS}


def stored(month: Month) -> ResellerSettings:
    with tenancy.using(month.reseller.pk):
        return ResellerSettings.objects.get()


def give_logo(client: Client) -> str:
    """The address of the logo, as the page has it."""
    file = SimpleUploadedFile("logo.gif", picture(at=(400, 100)))
    client.post(BRANDING, {"do": "logo", "logo": file})
    return tag(client, BRANDING, r'src="[^"]+\.png"').split('"')[1]


def portal_css(month: Month) -> str:
    answer = member(month, "portal", "Contoso").get("/portal/north/brand.css")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    return str(answer.content.decode())


def test_colours_are_seen_before_they_are_saved(month: Month, owner: Client) -> None:
    shown = words(owner.post(BRANDING, {**LOOK, "do": "preview"}))
    assert "Not saved yet" in shown
    assert "#7c3aed: 5.7:1 on white paper, white text on it 5.7:1" in shown
    assert "#e8590c: 3.6:1 on white paper, black text on it 5.9:1" in shown
    assert stored(month).colour == "#1d4f91"
    owner.post(BRANDING, LOOK)
    assert (stored(month).colour, stored(month).footer) == ("#7c3aed", "Call us")


def test_the_preview_is_a_picture_of_a_document_in_the_colours(month: Month, owner: Client) -> None:
    address = tag(owner, BRANDING, r'src="[^"]+preview/[^"]+"').split('"')[1].replace("&amp;", "&")
    pictures = [
        owner.get(each).content
        for each in (
            address,
            f"{BRANDING}preview/?colour=%23b91c1c",
            f"{BRANDING}preview/?colour=x",
        )
    ]
    assert pictures[0] == pictures[2] != pictures[1]
    with Image.open(io.BytesIO(pictures[1])) as page:
        assert page.size == (794, 1123)
        colours = {pixel for _, pixel in page.convert("RGB").getcolors(1 << 20) or []}
        assert (185, 28, 28) in colours


@pytest.mark.parametrize(("do", "status"), [("", 422), ("preview", 200)])
def test_a_colour_that_cannot_be_seen_is_refused_with_its_contrast(
    month: Month, owner: Client, do: str, status: int
) -> None:
    answer = owner.post(BRANDING, {**LOOK, "colour": "#ffff00", "do": do})
    assert answer.status_code == status
    assert "its contrast is 1.0:1, at least 3:1 is needed" in words(answer)
    assert 'href="#id_colour"' in answer.content.decode()


def test_a_logo_is_taken_by_its_content_and_kept_by_browsers(month: Month, owner: Client) -> None:
    answer = owner.get(give_logo(owner))
    assert answer.headers["Content-Type"] == "image/png"
    assert "immutable" in answer.headers["Cache-Control"]
    owner.post(BRANDING, {"do": "remove-logo"})
    assert "No logo yet" in read(owner, BRANDING)


@pytest.mark.parametrize("content", [b"<svg onload='alert(1)'/>", b"", picture()[:50]])
def test_what_is_no_picture_is_refused_at_its_field(
    month: Month, owner: Client, content: bytes
) -> None:
    answer = owner.post(BRANDING, {"do": "logo", "logo": SimpleUploadedFile("a.png", content)})
    assert answer.status_code == 422
    assert 'href="#id_logo"' in answer.content.decode()
    assert stored(month).logo_path == ""


def test_a_logo_is_behind_no_other_resellers_address(
    month: Month, owner: Client, tmp_path: object
) -> None:
    address = give_logo(owner)
    from pathlib import Path

    south = make_month("south", Path(str(tmp_path)))
    theirs = member(south, "owner").get(address.replace("north", "south"))
    assert theirs.status_code == 404
    assert owner.get(f"{BRANDING}{'0' * 64}.png").status_code == 404
    assert owner.get(f"{BRANDING}..%2F..%2Fx.png").status_code == 404


def test_the_portal_takes_colours_and_logo_from_a_style_sheet(month: Month, owner: Client) -> None:
    assert portal_css(month).strip() == ""
    owner.post(BRANDING, LOOK)
    digest = give_logo(owner).rpartition("/")[2]
    sheet = member(month, "portal", "Fabrikam").get("/portal/north/brand.css").content.decode()
    assert "--accent: light-dark(#7c3aed, #" in sheet
    assert "--bar: #e8590c; --bar-ink: #000000;" in sheet
    assert f'url("brand/{digest}")' in sheet
    assert "inline-size: 144px; block-size: 36px" in sheet


def test_the_portal_links_its_style_sheet_and_serves_the_logo(month: Month, owner: Client) -> None:
    digest = give_logo(owner).rpartition("/")[2]
    customer = member(month, "portal", "Contoso")
    assert 'href="/portal/north/brand.css"' in customer.get("/portal/north/").content.decode()
    assert customer.get(f"/portal/north/brand/{digest}").status_code == 200


def test_a_mail_is_shown_on_the_newest_published_document(month: Month, owner: Client) -> None:
    shown = read(owner, MAILS)
    assert "A new document is ready for you." in shown
    assert "Invoice number INV-000002" in shown
    asked = read(owner, f"{MAILS}?kind=status-changed&language=de&document=D-000001")
    assert "Rechnungsnummer" in asked
    assert "Überfällig" in asked
    assert "There is no document D-9" in read(owner, f"{MAILS}?document=D-9")


def test_a_reseller_without_documents_sees_a_made_up_one(transactional_db: None) -> None:
    from makers import OWNER, make_reseller

    reseller = make_reseller("young")
    month = Month(reseller, 0, 0)
    shown = read(member(month, "owner"), "/console/young/settings/mails/")
    assert "A made-up document, as there is none yet" in shown
    assert "Young: Microsoft CSP invoice INV-000042" in shown
    assert OWNER.role == "owner"


def test_what_is_typed_is_seen_and_tried_before_it_is_saved(month: Month, owner: Client) -> None:
    typed = {**MAIL, "subject_en": "{number}!", "body_en": "<b>Hi</b> {customer}"}
    shown = words(owner.post(MAILS, {**typed, "do": "preview"}))
    assert "Subject INV-000002!" in shown
    assert "<b>Hi</b> Fabrikam" in shown
    tried = words(owner.post(MAILS, {**typed, "do": "test"}))
    assert "A test is on its way to owner-staff@north.example" in tried
    with tenancy.using(month.reseller.pk):
        assert Letter.objects.get().subject == "Test: INV-000002!"
        assert not MailTemplate.objects.exists()


def test_a_template_is_saved_and_reset(month: Month, owner: Client) -> None:
    owner.post(MAILS, {**MAIL, "body_de": "Hallo", "bcc": "a@b.example\r\n\r\nc@d.example"})
    with tenancy.using(month.reseller.pk):
        row = MailTemplate.objects.get()
    assert (row.body_de, row.bcc, row.enabled) == ("Hallo", ["a@b.example", "c@d.example"], True)
    assert "Reset to built-in" in read(owner, MAILS)
    owner.post(MAILS, {"kind": "published", "do": "reset"})
    assert "Reset to built-in" not in read(owner, MAILS)


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"body_de": "{x}"}, "body_de"), ({"reply_to": "x"}, "reply_to"), ({"bcc": "x"}, "bcc")],
)
def test_a_bad_template_is_refused_at_its_field(
    month: Month, owner: Client, changed: dict[str, str], field: str
) -> None:
    answer = owner.post(MAILS, {**MAIL, "body_en": "kept as typed", **changed})
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in answer.content.decode()
    assert "kept as typed" in words(answer)


@pytest.mark.parametrize("address", [BRANDING, MAILS])
def test_sales_reads_and_changes_nothing(month: Month, address: str) -> None:
    sales = member(month, "sales")
    assert sales.get(address).status_code == 200
    for do in ("", "preview", "test", "reset", "logo", "remove-logo"):
        assert sales.post(address, {**LOOK, **MAIL, "do": do}).status_code == 403


@pytest.mark.parametrize("address", [BRANDING, MAILS, f"{BRANDING}preview/"])
def test_the_pages_ask_at_most_four_times(month: Month, owner: Client, address: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert owner.get(address).status_code == 200
    statements = [q["sql"] for q in asked if "set_config" not in q["sql"]]
    assert len(statements) <= FRAME + AT_MOST, "\n".join(statements)
