"""Rendering in recycled processes: the same bytes, and no child that outlives its use."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from clearbill.paper import worker
from clearbill.paper.pdf import CannotPrint, render_pdf
from paper.documents import a_document


@pytest.fixture(autouse=True)
def no_child_stays() -> Iterator[None]:
    yield
    while not worker._idle.empty():
        worker._idle.get_nowait().end()


def test_a_worker_makes_the_same_bytes_as_this_process() -> None:
    document = a_document()
    assert worker.render_pdf_isolated(document, draft=True) == render_pdf(document, draft=True)


def test_threads_share_the_workers() -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(
            pool.map(lambda _: worker.render_pdf_isolated(a_document(), draft=False), range(12))
        )
    assert len(set(made)) == 1
    assert worker._idle.qsize() <= worker.WORKERS


def test_a_worker_is_replaced_after_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "DOCUMENTS_PER_WORKER", 1)
    worker.render_pdf_isolated(a_document(), draft=False)
    assert worker._idle.empty()


def test_a_worker_that_died_is_replaced() -> None:
    worker.render_pdf_isolated(a_document(), draft=False)
    child = worker._idle.get_nowait()
    child._process.kill()
    child._process.wait()
    worker._idle.put(child)
    assert worker.render_pdf_isolated(a_document(), draft=False).startswith(b"%PDF")


def test_a_worker_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "TIMEOUT_SECONDS", 0.001)
    with pytest.raises(CannotPrint, match="took too long"):
        worker.render_pdf_isolated(a_document(), draft=False)


def test_a_document_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(CannotPrint, match="KeyError"):
        worker.render_pdf_isolated({}, draft=False)
