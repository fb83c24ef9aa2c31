"""The website channel: the widget's socket, the pages and the FAQ."""
