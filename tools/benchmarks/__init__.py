"""Speed and memory against the stock Rasa bot."""
