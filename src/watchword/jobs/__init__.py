"""Work that nobody waits for: it calls services, again and again, beside the requests."""
