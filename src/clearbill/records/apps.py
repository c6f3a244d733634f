"""The one Django app: everything that Clearbill stores."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "clearbill.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
