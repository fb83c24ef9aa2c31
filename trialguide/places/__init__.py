"""Countries, cities, the gazetteer, places in a message, and the directory of clinics and groups."""
