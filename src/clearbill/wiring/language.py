"""Which language a page speaks: the console English, everything else as the reader asks."""

from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation


class LanguageMiddleware(LocaleMiddleware):
    """The cookie `language`, then what the browser prefers, of the languages that we have.

    The console is English alone: half of it in another language would be worse than none.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith("/console/"):
            translation.activate("en")
            request.LANGUAGE_CODE = "en"
            return
        super().process_request(request)
