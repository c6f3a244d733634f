"""Reading a page as a person does: its words, without tags."""

import html
import re

from django.test import Client


def words(answer: object) -> str:
    """The page's text, runs of white space as one space."""
    content: bytes = answer.content  # type: ignore[attr-defined]
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def read(client: Client, address: str) -> str:
    """The words of a page that answers with 200."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return words(answer)


def tag(client: Client, address: str, pattern: str) -> str:
    """The first tag of a page that a pattern finds."""
    found = re.search(pattern, client.get(address).content.decode())
    assert found is not None, pattern
    return found[0]
