"""A reseller with a month of usage, by the real verbs where they are few and by SQL where many.

For processes of a work: the works themselves have no database.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.usage import PERIOD, Size, rules, write_csv
from bench.world import past_the_law
from clearbill.actions.common import Actor
from clearbill.actions.generate_documents import run_generation, start_run
from clearbill.actions.import_usage import import_usage
from clearbill.actions.people import set_mfa_required
from clearbill.actions.resellers import add_reseller
from clearbill.actions.users import add_user
from clearbill.queries.generation import Candidate, periods_of, plan, rule_refs
from clearbill.records import tenancy
from clearbill.records.models import BillingRun, Document, Reseller, UsageImport, User
from clearbill.usage.types import RuleRef
from clearbill.wiring import migrate as migrating

OWNER = Actor("owner@bench.example", "owner")


def migrate() -> Callable[[], Any]:
    return migrating.run


def with_usage(
    folder: str, rows: int, customers: int, skus: int = 0, slug: str = "north"
) -> Callable[[], Any]:
    """Usage imported, accounts assigned, prices set: ready for a generation."""

    def now() -> dict[str, Any]:
        return _with_usage(Path(folder), rows, customers, skus, slug)

    return now


def with_drafts(
    folder: str, rows: int, customers: int, skus: int = 0, slug: str = "north"
) -> Callable[[], Any]:
    """The same, and its drafts generated; `codes` are their Document IDs, largest first, and
    `cookie` is the session of an owner."""

    def now() -> dict[str, Any]:
        made = _with_usage(Path(folder), rows, customers, skus, slug)
        generate(made["reseller"])
        with tenancy.using(made["reseller"]):
            found = Document.objects.filter(reseller=made["reseller"]).order_by("-line_count", "pk")
            codes = list(found.values_list("code", flat=True))
        return {**made, "codes": codes, "cookie": cookie(made["reseller"], "owner")}

    return now


def _with_usage(folder: Path, rows: int, customers: int, skus: int, slug: str) -> dict[str, Any]:
    reseller = add_reseller(
        actor=OWNER, slug=slug, name=slug.title(), currency="USD", kind="tax-invoice"
    )
    set_mfa_required(reseller_id=reseller.pk, actor=OWNER, required=False)
    size = Size(rows, customers, **({"skus": skus} if skus else {}))
    csv = write_csv(folder / f"{slug}.csv", size)
    import_usage(reseller_id=reseller.pk, actor=OWNER, files=[csv])
    csv.unlink()
    _assign(reseller, customers)
    with tenancy.using(reseller.pk):
        path = UsageImport.objects.get(reseller=reseller).path
    return {"reseller": reseller.pk, "slug": slug, "import": path}


_CUSTOMERS = """
INSERT INTO records_customer (reseller_id, name, created_at)
SELECT %(reseller)s, 'Customer ' || lpad(i::text, 6, '0'), now()
  FROM generate_series(0, %(customers)s - 1) i ORDER BY i;
INSERT INTO records_billingprofile (reseller_id, customer_id, name, is_default, legal_name,
    address, tax_id, currency, recipients, purchase_order, language, custom_fields)
SELECT reseller_id, id, 'Default', true, name || ' Ltd.', E'4 Quay Street\\nDublin 2\\nIreland',
    'IE6388047V', 'USD', ARRAY['bills-' || id || '@customer.example'], '', 'en', '{}'
  FROM records_customer WHERE reseller_id = %(reseller)s;
INSERT INTO records_assignment (reseller_id, account_id, customer_id, profile_id, valid_from, who,
    created_at)
SELECT a.reseller_id, a.id, c.id, b.id, %(start)s, 'bench', now()
  FROM records_provideraccount a
  JOIN records_customer c ON c.reseller_id = a.reseller_id
   AND c.name = 'Customer ' || right(a.account, 6)
  JOIN records_billingprofile b ON b.reseller_id = c.reseller_id AND b.customer_id = c.id
 WHERE a.reseller_id = %(reseller)s
"""

_RULE = """
INSERT INTO records_pricerule (reseller_id, provider_id, customer_id, percent, a, b, c, valid_from,
    version, who, created_at)
SELECT %s, (SELECT id FROM records_provider WHERE reseller_id = %s AND code = %s), %s, 0, %s, %s,
    %s, %s, %s, 'bench', now()
"""


def _assign(reseller: Reseller, customers: int) -> None:
    """Account 000000000007 of each provider is Customer 000007's, and prices are `usage.rules`."""
    given = {"reseller": reseller.pk, "customers": customers, "start": PERIOD[0]}
    with past_the_law() as connection, connection.transaction():
        for statement in _CUSTOMERS.split(";\n"):
            connection.execute(statement, given)
        first = connection.execute(
            "SELECT min(id) FROM records_customer WHERE reseller_id = %s", [reseller.pk]
        ).fetchone()
        assert first is not None
        with connection.cursor() as cursor:
            cursor.executemany(
                _RULE,
                [
                    (reseller.pk, reseller.pk, rule["provider"],
                     None if rule["customer"] is None else first[0] + rule["customer"],
                     rule["a"], rule["b"], rule["c"], rule["valid_from"], rule["version"])
                    for rule in rules(customers)
                ],
            )  # fmt: skip
        for table in ("customer", "billingprofile", "assignment", "pricerule", "usageslice"):
            connection.execute(f"ANALYZE records_{table}")


def generate(reseller_id: int) -> BillingRun:
    """Generate the month to its end."""
    run = start_run(reseller_id=reseller_id, actor=OWNER, month=PERIOD[0])
    return run_generation(reseller_id=reseller_id, run_id=run.pk)


def cookie(reseller_id: int, role: str, customer_id: int | None = None) -> str:
    """The Cookie header of somebody new who is signed in."""
    from django.test import Client

    email = f"{role}-{reseller_id}@bench.example"
    add_user(reseller_id=reseller_id, actor=OWNER, email=email, role=role, customer_id=customer_id)
    client = Client()
    client.force_login(
        User.objects.get(email=email), "allauth.account.auth_backends.AuthenticationBackend"
    )
    return f"sessionid={client.cookies['sessionid'].value}"


def planned(reseller_id: int, count: int) -> list[Candidate]:
    """The first documents that a generation would make."""
    with tenancy.using(reseller_id):
        periods = periods_of(reseller_id, PERIOD[0])
        return plan(reseller_id, periods, today=PERIOD[1]).candidates[:count]


def rules_of(reseller_id: int, candidates: Sequence[Candidate]) -> list[RuleRef]:
    """The price rules that may apply to them."""
    with tenancy.using(reseller_id):
        return rule_refs(reseller_id, [candidate.period for candidate in candidates])
