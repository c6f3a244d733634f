"""Providers: one code and one name for what files call by many."""

import pytest

from clearbill.rules.providers import ALIASES, Provider, provider_name, provider_of, slug


@pytest.mark.parametrize(
    ("word", "code", "name"),
    [
        ("AWS", "aws", "AWS"),
        ("Amazon Web Services, Inc.", "aws", "AWS"),
        ("microsoft", "microsoft-csp", "Microsoft CSP"),
        ("Google  Cloud", "google-cloud", "Google Cloud"),
        ("Oracle", "oracle", "Oracle"),
        ("Oracle Cloud, Inc.", "oracle-cloud-inc", "Oracle Cloud, Inc."),
    ],
)
def test_a_word_of_a_file_names_a_provider(word: str, code: str, name: str) -> None:
    assert provider_of(word) == Provider(code, name)


def test_a_resellers_own_alias_comes_first() -> None:
    own = {"oracle": "oci", "AWS": "aws-resold"}
    assert provider_of("Oracle", own).code == "oci"
    assert provider_of("aws", own).code == "aws-resold"


def test_every_built_in_alias_leads_to_a_provider_with_a_name() -> None:
    for word, code in ALIASES.items():
        assert word == word.lower()
        assert provider_of(word.upper()) == Provider(code, provider_name(code))


def test_a_code_alone_has_a_name() -> None:
    assert provider_name("microsoft-csp") == "Microsoft CSP"
    assert provider_name("oracle-cloud") == "Oracle Cloud"


def test_letters_of_any_script_make_a_code() -> None:
    assert slug("Société Générale") == "societe-generale"
    assert slug("阿里云") == "阿里云"


def test_a_name_that_acts_or_is_too_long_is_not_kept() -> None:
    assert provider_of("Ora\u202ecle\x1b Cloud").name == "Ora\ufffdcle\ufffd Cloud"
    assert provider_of("W" * 60).code == "w" * 60
    with pytest.raises(ValueError, match="longer than"):
        provider_of("W" * 61)


@pytest.mark.parametrize("word", ["", "  ", "--", "…"])
def test_a_word_without_a_letter_names_no_provider(word: str) -> None:
    with pytest.raises(ValueError, match="names no provider"):
        provider_of(word)
