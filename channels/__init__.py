"""What Rasa's web server offers besides its own routes."""
