"""Entry point of web servers and of the `flask` command."""

import sys

from app.web import create_app
from config import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"zhenjie: {error}")
