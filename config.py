"""Settings, read from the environment in this one place."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
INSTANCE = ROOT / "instance"
SHORTEST_KEY = 16
ENVIRONMENTS = ("demo", "development", "test", "production")


class SettingsError(RuntimeError):
    """A setting is missing or wrong; the message is one plain line for the operator."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the application needs to know about where it runs."""

    env: str
    database_url: str
    secret_key: str
    audit_key: str
    public_url: str
    trusted_proxies: int
    mail_url: str
    private_gateways: bool
    upload_limit: int = 20 * 1024 * 1024

    @property
    def is_demo(self) -> bool:
        """Demo accounts, the movable clock and unconfirmed figures exist only here and in tests."""
        return self.env in ("demo", "test")

    @property
    def is_production(self) -> bool:
        """Real money and real people: no demo account, no movable clock."""
        return self.env == "production"


def _local_secret(name: str) -> str:
    """A secret kept in `instance/` so that sessions of a demo survive a restart."""
    path = INSTANCE / name
    if not path.exists():
        INSTANCE.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


def load(environ: dict[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: in production, naming all that is missing in one line.
    """
    env = dict(os.environ) if environ is None else environ
    name = env.get("ZHENJIE_ENV") or "demo"
    if name not in ENVIRONMENTS:
        raise SettingsError(f"ZHENJIE_ENV must be one of {', '.join(ENVIRONMENTS)}, not {name!r}")
    secret, audit = env.get("SECRET_KEY", ""), env.get("AUDIT_KEY", "")
    if name == "production":
        needed = ("SECRET_KEY", "AUDIT_KEY", "PUBLIC_URL", "DATABASE_URL")
        missing = [key for key in needed if not env.get(key)]
        if missing:
            raise SettingsError("production needs these settings: " + ", ".join(missing))
        if short := [key for key in ("SECRET_KEY", "AUDIT_KEY") if len(env[key]) < SHORTEST_KEY]:
            raise SettingsError(f"too short, at least {SHORTEST_KEY} random characters: " + ", ".join(short))
        if secret == audit:
            raise SettingsError("SECRET_KEY and AUDIT_KEY must differ")
        if not env["PUBLIC_URL"].startswith(("https://", "http://")):
            raise SettingsError("PUBLIC_URL must be an address such as https://gov.example")
    elif name == "test":
        secret, audit = secret or "test-secret", audit or "test-audit-key"
    else:
        secret, audit = secret or _local_secret("secret_key"), audit or _local_secret("audit_key")
    proxies = env.get("TRUSTED_PROXIES") or "0"
    if not proxies.isdecimal():
        raise SettingsError(f"TRUSTED_PROXIES must be a number of proxies, not {proxies!r}")
    return Settings(
        env=name,
        database_url=env.get("DATABASE_URL") or f"sqlite:///{INSTANCE / 'zhenjie.sqlite3'}",
        secret_key=secret,
        audit_key=audit,
        public_url=env.get("PUBLIC_URL", ""),
        trusted_proxies=int(proxies),
        mail_url=env.get("MAIL_URL", ""),
        private_gateways=env.get("PRIVATE_GATEWAYS", "") == "1",
    )
