"""Words every noun shares: ids, time, chance, errors, who asks, pages."""
