"""Every figure, for files, pages and reports."""
