"""Loads the demo in small, and lists its pages: a process of its own, as stories import no Django.

`load CUSTOMERS` fills the database and the CLEARBILL_HOME that the environment names; `list` says
as JSON which pages there are, each with the arguments of rows that it has something to show for,
and the sessions of those who open them.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from django.conf import settings
from django.db.models import Count
from django.test import Client
from django.urls import resolve, reverse
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from addresses import Address, NoExample, every_address
from clearbill.actions.common import Actor
from clearbill.actions.people import set_mfa_required
from clearbill.console.views.help_pages import ARTICLES
from clearbill.portal.help import ARTICLES as HELP_OF_CUSTOMERS
from clearbill.queries.people import invitation_token
from clearbill.records import tenancy
from clearbill.records.models import (
    BillingRun,
    BulkJob,
    Document,
    Invitation,
    Membership,
    ProviderAccount,
    Reseller,
    ResellerSettings,
    Ticket,
    TicketMessage,
    UsageImport,
    User,
)
from clearbill.rules.lifecycle import Status
from clearbill.wiring import database
from clearbill.wiring.demo import sign_ins
from clearbill.wiring.demo.companies import sellers
from clearbill.wiring.demo.daily import BUSY
from clearbill.wiring.demo.load import load
from clearbill.wiring.sign_in import closed

OWNER, CUSTOMER = "owner", "customer"
NOBODY, HALF, RESETTING = "nobody", "half signed in", "choosing a password"
WITH_A_FACTOR, ASKED = "with a second factor", "asked for a second factor"

Examples = dict[str, list[Any]]

QUERIES: Mapping[str, tuple[str, ...]] = {
    "console:documents": ("range=all", "range=all&status=Past+Due", "q=nobody-has-this"),
    "console:invoices": ("",),
    "console:generate": ("", "period={month}"),
    "console:unassigned": ("", "all=1", "late=1"),
    "console:search": ("q=an",),
    "console:assign": ("provider={provider}&account={account}",),
    "console:confirm-status": ("to=Open", "to=Closed"),
    "console:bulk": ("do=status&code={code}",),
    "console:new-ticket": ("", "document={code}&line=1"),
    "portal:invoices": ("", "status=Open"),
    "letter": ("", "part=html"),
    "portal:new-ticket": ("document={code}&line=1",),
}
"""What pages are asked for beside their address, where that decides what they show."""


def examples(reseller: Reseller) -> dict[str, Examples]:
    """Arguments by door, and by page where it wants rows of its own; the first is the usual one.

    Pages of a list open each of its examples, the others the first.
    """
    drafts = Document.objects.filter(status=Status.DRAFT).order_by("counter")
    with_note = drafts.exclude(note="").first() or drafts.get()
    stale = drafts.exclude(stale="").first() or drafts.get()
    # Short documents show what long ones do.
    short_first = Document.objects.annotate(size=Count("lines")).order_by("size")
    theirs = short_first.filter(customer__name=BUSY).exclude(status=Status.DRAFT)
    published = [theirs.filter(status=each)[0].code for each in (Status.OPEN, Status.VOIDED)]
    past_due = short_first.filter(status=Status.PAST_DUE)[0].code
    answered = TicketMessage.objects.exclude(file_name="").select_related("ticket")[0]
    of_staff = Ticket.objects.get(queue=Ticket.OPERATOR)
    colleague = Membership.objects.get(user__email=_person("sales").email)
    own = with_note.lines.filter(own=True).get()
    shared: Examples = {
        "slug": [reseller.slug],
        "ticket": [answered.ticket.code],
        "message_id": [answered.pk],
        "sha256": [ResellerSettings.objects.get().logo_hash],
        "month": [f"{with_note.period_start:%Y-%m}"],
    }
    several = [with_note.code, stale.code, *published, past_due]
    return {
        "console": {
            **shared,
            "code": [with_note.code],
            "customer_id": [theirs[0].customer_id],
            "run_id": [BillingRun.objects.order_by("-pk").exclude(customers__len__gt=0)[0].pk],
            "import_id": [UsageImport.objects.order_by("-pk")[0].pk],
            "job_id": [BulkJob.objects.get().pk],
            "article": list(ARTICLES),
            "position": [own.position],
            "membership_id": [colleague.pk],
            **_waiting(),
        },
        "portal": {**shared, "code": [published[0]], "article": list(HELP_OF_CUSTOMERS)},
        "": {
            "number": [1],
            "pk": [Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).pk],
            "uidb36": [user_pk_to_url_str(colleague.user)],
            "key": ["set-password"],
            "slug": [reseller.slug],
            "token": [invitation_token(Invitation.objects.filter(customer__isnull=False)[0])],
        },
        "console:document": {"code": several},
        "console:update-status": {"code": [with_note.code, published[0]]},
        "console:refresh": {"code": [stale.code]},
        "console:resend": {"code": published[:1]},
        "console:ticket": {"ticket": [answered.ticket.code, of_staff.code]},
        "portal:invoice": {"code": published},
    }


def _waiting() -> Examples:
    account = ProviderAccount.objects.filter(assignments__isnull=True).select_related("provider")[0]
    return {"provider": [account.provider.code], "account": [account.account]}


def _person(role: str, *, of_last: bool = False) -> sign_ins.SignIn:
    """The first person of a role at the first reseller, or at the last one."""
    people = sign_ins.kept()
    slug = people[-1 if of_last else 0].slug
    return next(person for person in people if (person.slug, person.role) == (slug, role))


def _customer() -> sign_ins.SignIn:
    address = next(
        company.portal_email
        for seller in sellers()
        for company in seller.companies
        if company.name == BUSY
    )
    return next(person for person in sign_ins.kept() if person.email == address)


def pages(known: Mapping[str, Examples]) -> Iterator[dict[str, Any]]:
    """Each page by its pattern's name; `problem` says what to add where an example is missing."""
    for address in every_address():
        given = {**known[address.door], **known.get(address.name, {})}
        try:
            filled = list(_filled(address, given))
        except NoExample as missing:
            yield {"name": address.name, "address": "", "problem": str(missing)}
            continue
        for each in filled:
            shut = resolve(each.partition("?")[0]).func is closed
            if not shut:
                yield {"name": address.name, "address": each, "problem": ""}


def _filled(address: Address, given: Examples) -> Iterator[str]:
    first = {name: values[0] for name, values in given.items()}
    main = next((name for name in reversed(address.arguments) if len(given.get(name, ())) > 1), "")
    for value in given.get(main, [None]):
        path = address.filled({**first, main: value} if main else first)
        for query in QUERIES.get(address.name, ("",)):
            yield path + (f"?{query.format(**first)}" if query else "")


def sessions() -> dict[str, str]:
    """Session keys by who they are; everybody signs in here, as through the forms."""
    factored = _person("auditor")
    secret = _add_factors(User.objects.get(email=factored.email))
    half, whole = _signed_in(factored), _signed_in(factored)
    _post(whole, "mfa_authenticate", code=_code(secret))
    asked = _person("owner", of_last=True)
    elsewhere = Reseller.objects.get(slug=asked.slug).pk
    set_mfa_required(reseller_id=elsewhere, actor=Actor(asked.email, "owner"), required=True)
    return {
        NOBODY: "",
        RESETTING: _key(_resetting()),
        HALF: _key(half),
        OWNER: _key(_again(_signed_in(_person("owner")), _person("owner"))),
        CUSTOMER: _key(_signed_in(_customer())),
        WITH_A_FACTOR: _key(_again(whole, factored)),
        ASKED: _key(_signed_in(asked)),
    }


def _signed_in(person: sign_ins.SignIn) -> Client:
    client = Client(SERVER_NAME="localhost")
    _post(client, "account_login", login=person.email, password=person.password)
    return client


def _again(client: Client, person: sign_ins.SignIn) -> Client:
    """Signed in a moment ago, which pages about second factors ask for."""
    _post(client, "account_reauthenticate", password=person.password)
    return client


def _post(client: Client, page: str, **fields: str) -> None:
    answer = client.post(reverse(page), fields)
    assert answer.status_code == 302, f"{page} answers {answer.status_code}"


def _code(secret: str) -> str:
    """The code that an authenticator shows now."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30)))


def _key(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _resetting() -> Client:
    """Somebody who followed the link of a mail: the key is in the session from then on."""
    user = User.objects.get(email=_person("sales").email)
    client = Client(SERVER_NAME="localhost")
    client.get(
        reverse(
            "account_reset_password_from_key",
            kwargs={
                "uidb36": user_pk_to_url_str(user),
                "key": default_token_generator.make_token(user),
            },
        )
    )
    return client


def _add_factors(user: User) -> str:
    """An authenticator, recovery codes and a passkey; the authenticator's secret."""
    secret: str = totp.generate_totp_secret()
    Authenticator.objects.filter(user=user).delete()
    totp.TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "Laptop", "credential": _credential()},
    )
    return secret


def _credential() -> dict[str, Any]:
    """What a browser sends that has made a passkey."""
    key = cast(Any, ES256).from_cryptography_key(generate_private_key(SECP256R1()).public_key())
    made = AuthenticatorData.create(
        hashlib.sha256(b"localhost").digest(),
        AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT,
        0,
        AttestedCredentialData.create(Aaguid.NONE, b"passkey of a story", key),
    )
    client = CollectedClientData.create("webauthn.create", b"challenge", "http://localhost")
    return {
        "id": websafe_encode(b"passkey of a story"),
        "rawId": websafe_encode(b"passkey of a story"),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", made, {})),
        },
    }


def main(arguments: list[str]) -> None:
    if arguments[0] == "load" or User.objects.filter(password__startswith="md5$").exists():
        # Nobody signs in to what is loaded here but this process, and a slow hash takes a minute.
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with database.ready():
        if arguments[0] == "load":
            home = Path(settings.CLEARBILL_HOME)
            load(home / "demo", say=print, notify=True, customers=int(arguments[1]))
            return
        reseller = Reseller.objects.get(slug=sign_ins.kept()[0].slug)
        # Before the examples, one of which is a passkey; each request ends with no tenant.
        who = sessions()
        with tenancy.using(reseller.pk):
            known = examples(reseller)
        print(json.dumps({"pages": list(pages(known)), "sessions": who}))
