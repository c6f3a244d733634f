"""Files: usage, rated rows and papers under keys, in a folder or any place fsspec knows."""

from clearbill.store.files import FileStore

__all__ = ["FileStore"]
