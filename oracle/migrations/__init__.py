"""How the tables come to be: one Alembic revision per change, applied by `oracle migrate`."""
