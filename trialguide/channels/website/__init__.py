"""The website channel: the widget's API, the pages and the FAQ."""
