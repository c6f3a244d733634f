"""Streams: readers who do not read never take the last thread."""

import gc
from collections.abc import Iterator

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.http import StreamingHttpResponse as Stream
from django.test import RequestFactory

from clearbill.wiring.middleware import StreamsMiddleware


def asked(streams: StreamsMiddleware) -> HttpResponseBase:
    return streams(RequestFactory().get("/"))


def slow(request: HttpRequest) -> HttpResponseBase:
    return Stream(iter([b"a", b"b"]))


def test_one_too_many_is_asked_to_come_back_and_pages_go_on() -> None:
    streams = StreamsMiddleware(slow)
    held = [asked(streams) for _ in range(streams.MOST)]
    late = asked(streams)
    assert (late.status_code, late["Retry-After"]) == (503, "60")
    streams.get_response = lambda request: HttpResponse("a page")
    assert asked(streams).status_code == 200
    held.clear()


def test_a_stream_that_is_closed_makes_room_once() -> None:
    streams = StreamsMiddleware(slow)
    held = [asked(streams) for _ in range(streams.MOST)]
    for _ in range(2):
        held[0].close()
    assert asked(streams).status_code == 200 and asked(streams).status_code == 503


def test_an_answer_that_nobody_holds_any_more_makes_room() -> None:
    streams = StreamsMiddleware(slow)
    for _ in range(3):
        held = [asked(streams) for _ in range(streams.MOST)]
        assert {each.status_code for each in held} == {200}
        held.clear()
        # Django's answers hold themselves.
        gc.collect()


def test_a_refused_stream_is_closed_unread() -> None:
    closed: list[bool] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"a"
        finally:
            closed.append(True)

    streams = StreamsMiddleware(slow)
    held = [asked(streams) for _ in range(streams.MOST)]
    begun = pieces()
    next(begun)
    streams.get_response = lambda request: Stream(begun)
    assert asked(streams).status_code == 503 and closed == [True] and held


def test_a_whole_stream_is_passed_on() -> None:
    answer = asked(StreamsMiddleware(slow))
    assert isinstance(answer, Stream) and b"".join(answer) == b"ab"


def test_our_own_files_are_not_counted() -> None:
    streams = StreamsMiddleware(lambda request: FileResponse(iter([b"css"])))
    held = [asked(streams) for _ in range(2 * streams.MOST)]
    assert {each.status_code for each in held} == {200}
