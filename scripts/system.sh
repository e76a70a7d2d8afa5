#!/bin/sh
# See to what only the system can give: installs it with apt when run as root, else names all of it in one line.
# Arguments: any of `venv`, `pdf`, `browser`.
set -eu
missing=""
wish=""
need() { # name of a Debian package, a command that succeeds when it is there
  eval "$2" >/dev/null 2>&1 || missing="$missing $1"
}
for part in "$@"; do
  case $part in
    venv)
      need python3-venv 'python3 -c "import ensurepip, venv"'
      ;;
    pdf)
      need libpango-1.0-0 'ls /usr/lib*/libpango-1.0.so.0 || ls /usr/lib/*/libpango-1.0.so.0'
      need libpangoft2-1.0-0 'ls /usr/lib*/libpangoft2-1.0.so.0 || ls /usr/lib/*/libpangoft2-1.0.so.0'
      need fonts-noto-cjk 'ls /usr/share/fonts/opentype/noto/NotoSansCJK* || dpkg -s fonts-noto-cjk'
      ;;
    browser)
      need chromium 'command -v chromium'
      need chromium-l10n 'test -e /usr/lib/chromium/locales/zh-CN.pak || test -e /usr/share/chromium/locales/zh-CN.pak || dpkg -s chromium-l10n'
      need fonts-noto-cjk 'ls /usr/share/fonts/opentype/noto/NotoSansCJK* || dpkg -s fonts-noto-cjk'
      wish=chromium-headless-shell # the same browser without its own windows: a third less work
      ;;
  esac
done
if [ -n "$wish" ] && ! command -v "$wish" >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  { timeout 60 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 180 apt-get install -qq -y --no-install-recommends "$wish"; } >&2 ||
    echo "$wish is not to be had: tests use the whole browser" >&2
fi
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing$missing" >&2
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >&2
else
  echo "missing on this machine, please install:$missing" >&2
  exit 1
fi
