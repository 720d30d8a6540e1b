"""The symbol directory: who is traded under which symbol, without asking anyone."""

from oracle.adapters.directory.local import LocalDirectory

__all__ = ["LocalDirectory"]
