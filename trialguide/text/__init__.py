"""Facts about one text: normal form, sentences, language, personal data, feedback words."""
