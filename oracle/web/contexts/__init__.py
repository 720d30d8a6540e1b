"""What the templates are given: one frozen value per page, every text ready to print."""
