"""Speed and memory, compared with the stock Rasa bot or with another revision."""
