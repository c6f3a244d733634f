"""The PDFs of many documents, one after the other: never more of them in memory than one."""

import logging
from collections.abc import Iterable, Iterator

from clearbill.paper import downloads
from clearbill.paper.names import file_name
from clearbill.queries import canonical
from clearbill.queries import documents as reading
from clearbill.rules.lifecycle import Status

log = logging.getLogger(__name__)


def pdfs(reseller_id: int, codes: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of a file for each Document ID: its PDF, or a text that says why there is
    none. One that fails must not end the others half way through a download."""
    for code in codes:
        document = reading.one(reseller_id, code)
        if document is None or document.status == Status.DISCARDED:
            yield f"{code}.txt", _why_not(code, "it was discarded meanwhile")
            continue
        try:
            name, content = file_name(canonical.of(document), "pdf"), downloads.pdf(document)
        except Exception as error:
            log.exception("no PDF of %s", code)
            name, content = f"{code}.txt", _why_not(code, str(error) or type(error).__name__)
        yield name, content


def _why_not(code: str, reason: str) -> bytes:
    return f"There is no PDF of {code}: {reason}.\n".encode()
