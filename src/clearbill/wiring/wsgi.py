"""The WSGI application that granian's workers load."""

import os

from django.core.wsgi import get_wsgi_application

from clearbill.wiring import embedded, secret

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clearbill.wiring.settings")
os.environ.setdefault("CLEARBILL_LOG", "INFO")
if not os.environ.get("SECRET_KEY"):
    # Before the settings read it: all processes must sign with the same key.
    secret.ensure(embedded.default_home())
application = get_wsgi_application()
