"""The real files, read where they lie and never copied into the project."""

import os
from pathlib import Path

import pytest

_DEFAULT = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"


def sample(*parts: str) -> Path:
    """The path of a sample; the test is skipped aloud without it, and fails where CI is set."""
    folder = Path(os.environ.get("CLEARBILL_SAMPLES") or _DEFAULT)
    path = folder.joinpath(*parts).resolve()
    if path.exists():
        return path
    reason = f"the sample {'/'.join(parts)} is not there: point CLEARBILL_SAMPLES to the samples"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
