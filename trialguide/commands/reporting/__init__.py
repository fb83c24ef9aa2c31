"""The usage report: tables, charts and HTML."""
