def errors_in_content(): return []
