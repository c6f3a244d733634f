"""The WSGI application that granian's workers load."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from clearbill.wiring import embedded, secret

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearbill.wiring.settings")
os.environ.setdefault("CLEARBILL_LOG", "INFO")
if not os.environ.get("SECRET_KEY"):
    # Before the settings read it: all processes must sign with the same key.
    secret.ensure(embedded.default_home())
application = get_wsgi_application()
# With all views loaded: none of it is ever garbage, and else every thirtieth page or so would wait
# for a tenth of a second until all of it was looked through.
get_resolver().url_patterns  # noqa: B018
gc.collect()
gc.freeze()
