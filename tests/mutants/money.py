"""Rounding steps, and hashes that are checked before anything is believed."""

from mutants.mutant import of

_money = of("rounding", "rules/money.py")
_engine = of(
    "rounding",
    "usage/rating.py",
    "usage/test_rating.py::test_engine_and_law_agree_on_random_rows_and_rules",
)
_downloads = of("hash", "paper/downloads.py")
_verify = of("hash", "queries/verify.py")

MUTANTS = [
    _money.without(
        "halves are rounded away from zero",
        "rounding=ROUND_HALF_UP, context=EXACT)",
        'rounding="ROUND_HALF_EVEN", context=EXACT)',
        "rules/test_money.py::test_halves_are_rounded_away_from_zero",
    ),
    _money.without(
        "missing units go to the largest remainders",
        "        for i in order[:missing]:",
        "        for i in range(missing):",
        "rules/test_money.py::test_the_missing_unit_goes_to_the_largest_remainder",
    ),
    _money.without(
        "each line is cut down before it is topped up",
        "exact.quantize(unit, rounding=ROUND_FLOOR)",
        'exact.quantize(unit, rounding="ROUND_UP")',
        "rules/test_money.py::test_shown_amounts_add_up_to_the_sum_rounded_once",
    ),
    _money.without(
        "sums keep every digit",
        "    with localcontext(EXACT):\n        return sum(amounts, Decimal(0))",
        "    return sum(amounts, Decimal(0))",
        "rules/test_money.py::test_a_sum_keeps_digits_that_pythons_own_would_lose",
    ),
    of("rounding", "rules/tax.py").without(
        "a tax is rounded to the minor unit",
        "to_minor_units(base * tax.percent / 100, currency)",
        "base * tax.percent / 100",
        "rules/test_tax.py::test_a_tax_is_rounded_once_to_the_minor_unit",
    ),
    _engine.without(
        "the engine cuts each line down",
        "ibis.ifelse(near > amount, near - unit, near)",
        "ibis.ifelse(near < amount, near + unit, near)",
    ),
    _engine.without(
        "the engine tops up the largest remainders",
        'order_by=[ibis.desc("remainder"), ibis.desc("exact"), ibis.asc("line_key")]',
        'order_by=[ibis.asc("line_key")]',
    ),
    _downloads.without(
        "a stored PDF has its hash before it is served",
        "        if hashlib.sha256(content).hexdigest() == document.pdf_hash:",
        "        if content:",
        "actions/test_stored_files.py::test_a_damaged_pdf_is_made_again",
    ),
    _downloads.without(
        "a PDF that is made again has the recorded hash",
        "    if document.pdf_path and hashlib.sha256(content).hexdigest() != document.pdf_hash:",
        "    if not content:",
        "actions/test_stored_files.py::test_a_damaged_pdf_that_comes_out_otherwise_is_an_error",
    ),
    _downloads.without(
        "stored usage rows have their hash before they are served",
        "document.rated_path and store.holds(document.rated_path, document.rated_hash):",
        "document.rated_path and store.exists(document.rated_path):",
        "actions/test_stored_files.py::test_rated_rows_of_something_else_are_computed_again",
    ),
    _downloads.without(
        "a logo has its hash before it is printed",
        '    if hashlib.sha256(content).hexdigest() != logo["sha256"]:',
        "    if not content:",
        "actions/test_branding.py::test_a_document_is_not_printed_without_the_logo_it_names",
    ),
    of("hash", "web/tickets.py").without(
        "a ticket's file has its hash before it is handed out",
        "    if hashlib.sha256(data).hexdigest() == message.file_hash:",
        "    if data:",
        "console/test_tickets.py::test_a_file_that_is_lost_or_changed_is_not_handed_out",
    ),
    _verify.without(
        "verify compares an import's file with its hash",
        "        if store.sha256(usage_import.path) != usage_import.file_hash:",
        "        if not usage_import.file_hash:",
        "actions/test_stored_files.py::test_a_damaged_import_is_named_before_it_is_read",
    ),
    _verify.without(
        "verify computes the chain of events anew",
        " or event.hash != event_hash(previous, hashed_content(event))",
        "",
        "queries/test_verify.py::test_a_chain_is_checked_although_a_status_is_no_word",
    ),
]
