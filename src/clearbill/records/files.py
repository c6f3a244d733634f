"""The store that this installation keeps its files in."""

from functools import cache

from django.conf import settings

from clearbill.store.files import FileStore


@cache
def file_store() -> FileStore:
    """Imports, rated rows and PDFs: a folder in the data folder, or what CLEARBILL_FILES names."""
    return FileStore(settings.CLEARBILL_FILES)
