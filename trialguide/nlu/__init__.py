"""From a text to an intent: preprocessing, encoder, classifier, thresholds, worker process and training."""
