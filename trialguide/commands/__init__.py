"""The commands of the product: `python -m trialguide COMMAND`."""
