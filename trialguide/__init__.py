"""TrialGuide: a patient assistant on Rasa, in layers (docs/architecture.md)."""
