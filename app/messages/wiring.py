"""From the settings of an installation to how its messages go out."""

from __future__ import annotations

import config
from app.messages import sending, settings


def configure(found: config.Settings) -> None:
    """Take the keys and ways of this installation; in a demonstration nothing leaves the house."""
    settings.configure(found.secret_key)
    ways = sending.Ways(found.mail_url, found.public_url, found.private_gateways, found.env == "demo")
    sending.configure(ways)
