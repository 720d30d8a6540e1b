"""Who sends mail, who writes it, and who hears what became of it."""
