"""Staff pages, one file per subject."""
