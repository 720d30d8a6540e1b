"""Reading the settings from the environment, or refusing them in sentences."""

from __future__ import annotations

import os
from typing import Any

from pydantic import ValidationError

from oracle.domain.errors import SettingsError
from oracle.settings.model import Settings
from oracle.settings.refusals import explain, refuse_unknown


def load_settings(**overrides: Any) -> Settings:
    """Return the settings from the environment, with `overrides` in place of single fields.

    Raises SettingsError with a sentence per wrong value: the variable, its value, what is allowed;
    and one per `ORACLE_*` variable that is no setting, with the one that was probably meant.
    """
    fields = Settings.model_fields
    problems = refuse_unknown(os.environ, fields)
    try:
        settings = Settings(**overrides)
    except ValidationError as invalid:
        # A default made from another field says no more than that other field's own error.
        problems += [
            explain(error, fields)
            for error in invalid.errors()
            if error["type"] != "default_factory_not_called"
        ]
    except SettingsError as invalid:
        problems.append(str(invalid))
    else:
        if not problems:
            return settings
    raise SettingsError(" ".join(problems))
