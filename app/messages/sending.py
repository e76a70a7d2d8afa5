"""Mail and calls to an office's gateway: the only places that leave this house."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from app.core import clock

TIMEOUT = 10
MOST_ANSWERED = 64 * 1024


class NotDelivered(RuntimeError):
    """The other side did not take it."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How this installation reaches others.

    Attributes:
        mail_url: `smtp://user:password@host:587?from=…&tls=starttls`, `smtps://…`, or "" for none.
        public_url: where people find this site; links in mails begin with it.
        private: gateways inside the office's own network may be called.
        shown_only: in a demonstration nothing is sent, only shown.
    """

    mail_url: str = ""
    public_url: str = ""
    private: bool = False
    shown_only: bool = False


_ways = Ways()


def configure(ways: Ways) -> None:
    """Say how others are reached."""
    global _ways
    _ways = ways


def ways() -> Ways:
    """How others are reached."""
    return _ways


def link(path: str) -> str:
    """An address of this site for people outside of it."""
    return f"{_ways.public_url.rstrip('/')}{path}"


def send_mail(key: str, payload: Mapping[str, Any]) -> None:
    """Send one mail; its Message-ID is made of the key, so that a second copy is known as one.

    Raises:
        NotDelivered, OSError, smtplib.SMTPException: it did not go out.
    """
    if _ways.shown_only:
        return
    if not _ways.mail_url:
        raise NotDelivered("MAIL_URL is not set")
    url = urlsplit(_ways.mail_url)
    options = parse_qs(url.query)
    sender = options.get("from", [unquote(url.username or "")])[0]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, payload["to"], payload["subject"]
    mail["Date"] = formatdate(clock.now().timestamp())
    domain = sender.partition("@")[2] or make_msgid().partition("@")[2].rstrip(">")
    mail["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(payload["text"])
    host, context = url.hostname or "", ssl.create_default_context()
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, url.port or 465, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, url.port or 587, timeout=TIMEOUT)
    with server:
        if url.scheme != "smtps" and options.get("tls", ["starttls"])[0] != "none":
            server.starttls(context=context)
        if url.username and url.password:
            server.login(unquote(url.username), unquote(url.password))
        server.send_message(mail)


def address_refused(url: str) -> str:
    """Why an address cannot be that of a gateway, "" when it can."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "网址不正确，请检查。"
    if parts.scheme not in (("https", "http") if _ways.private else ("https",)):
        return "网址要以 https:// 开头。"
    if not parts.hostname or parts.username or parts.password or port == 0:
        return "网址不正确：要有主机名，不要带用户名和密码。"
    return ""


def call(key: str, url: str, secret: str, body: Mapping[str, Any]) -> None:
    """Call an office's gateway, signed; the receiver knows a second copy by `X-Zhenjie-Id`.

    The signature is HMAC-SHA256 over "<timestamp>.<body>". No redirect is followed, and the address that
    was checked is the address that is called.

    Raises:
        NotDelivered, OSError: it was not taken.
    """
    refused = address_refused(url)
    if refused:
        raise NotDelivered(refused)
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    target = _address(str(parts.hostname), port)
    data, stamp = orjson.dumps(dict(body)), str(int(clock.now().timestamp()))
    sign = hmac.new(secret.encode(), stamp.encode() + b"." + data, hashlib.sha256).hexdigest()
    connection = _Connection(str(parts.hostname), port, target, secure=secure)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {
            "Content-Type": "application/json", "User-Agent": "zhenjie", "X-Zhenjie-Id": key,
            "X-Zhenjie-Timestamp": stamp, "X-Zhenjie-Signature": f"sha256={sign}",
        }  # fmt: skip
        connection.request("POST", path, data, headers)
        answer = connection.getresponse()
        answer.read(MOST_ANSWERED)
        if not 200 <= answer.status < 300:
            raise NotDelivered(f"the gateway answered {answer.status}")
    except http.client.HTTPException as error:
        raise NotDelivered(f"the gateway's answer cannot be read: {error!r}") from error
    finally:
        connection.close()


def _address(host: str, port: int) -> str:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, place in found:
        if _ways.private or ipaddress.ip_address(str(place[0])).is_global:
            return str(place[0])
    raise NotDelivered(f"{host} lies in a private network, which this installation does not call")


class _Connection(http.client.HTTPConnection):
    """Goes to the address that was checked, under the name the certificate is for."""

    def __init__(self, host: str, port: int, target: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._target, self._secure = target, secure

    def connect(self) -> None:
        plain = socket.create_connection((self._target, self.port), TIMEOUT)
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
        else:
            self.sock = plain
