"""German, with the form of address that businesses use."""

from clearbill.rules.lifecycle import Kind, Status

DOCUMENT = {
    Kind.TAX_INVOICE.value: "Rechnung",
    Kind.STATEMENT.value: "Abrechnung",
    "draft": "ENTWURF",
    "draft_note": "Keine Rechnung. Beträge können sich noch ändern.",
    "from": "Von",
    "bill_to": "Rechnungsempfänger",
    "tax_id": "USt-IdNr.",
    "invoice_number": "Rechnungsnummer",
    "document_id": "Dokument-ID",
    "period": "Zeitraum",
    "issue_date": "Rechnungsdatum",
    "due_date": "Fällig am",
    "provider": "Anbieter",
    "purchase_order": "Bestellnummer",
    "terms": "Zahlungsziel",
    "terms_days": "{days} Tage netto",
    "terms_now": "Sofort fällig",
    "replaces": "Ersetzt",
    "summary": "Übersicht",
    "account": "Konto",
    "lines": "Positionen",
    "amount": "Betrag",
    "details": "Leistungen im Einzelnen",
    "description": "Beschreibung",
    "qty": "Menge",
    "charge_type": "Art",
    "price": "Preis",
    "section_subtotal": "Zwischensumme",
    "zero_lines": "{count} Positionen zu {zero}",
    "zero_line": "1 Position zu {zero}",
    "subtotal": "Zwischensumme",
    "tax": "Steuer",
    "total": "Gesamtbetrag",
    "on": "auf",
    "by": "von",
    "payment": "Zahlung",
    "reference": "Verwendungszweck",
    "annex": (
        "Die Nutzung hinter den {count} Positionen ist als Einzelnachweis die Anlage"
        " dieses Dokuments:\n{file}"
    ),
    "no_charges": "Keine Leistungen in diesem Zeitraum.",
    "page": "Seite",
    "of": "von",
    "sku": "Artikel",
    "no_account": "Ohne Konto",
    "own_lines": "Weitere Leistungen",
    "exchange_rates": "Wechselkurse",
    "note": "Hinweis",
    "Usage": "Nutzung",
    "Subscription": "Abonnement",
    "One-time": "Einmalig",
    "Tax": "Steuer",
    "Credit": "Gutschrift",
    "Adjustment": "Anpassung",
    "Support": "Support",
    "Discount": "Rabatt",
    "Fee": "Gebühr",
}

MAIL = {
    "subject": "{reseller}: {provider} Rechnung {number}, {period}",
    "subject_changed": "{reseller}: {provider} Rechnung {number} ({status}), {period}",
    "from": "Von",
    "status": "Status",
    "see": "Dokument ansehen",
    "sign_in": "Sie werden gebeten, sich anzumelden.",
    "portal": "Alle Ihre Dokumente finden Sie unter {address}",
    "sent_to": "Diese Nachricht ging an {recipient}.",
    "test": "Test",
    Status.OPEN.value: "Offen",
    Status.PAST_DUE.value: "Überfällig",
    Status.CLOSED.value: "Beglichen",
    Status.VOIDED.value: "Storniert",
}

BODIES = {
    Status.OPEN: "Ein neues Dokument liegt für Sie bereit.",
    Status.PAST_DUE: (
        "Dieses Dokument ist überfällig. Bitte begleichen Sie es, oder sagen Sie uns, falls das"
        " schon geschehen ist."
    ),
    Status.CLOSED: "Dieses Dokument ist beglichen.",
    Status.VOIDED: "Dieses Dokument wurde storniert: Es ist nichts zu zahlen.",
}
