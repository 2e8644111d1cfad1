#!/bin/sh
# Makes sure that a Chromium is there for the browser tests: installs Debian's package when we may, else says what to do.
set -eu
for name in chromium chromium-browser google-chrome; do
	if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "Chromium is missing; installing it with apt-get."
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
	exit 0
fi
echo "The browser tests need Chromium. Install it (Debian: apt-get install chromium) and run make test again." >&2
exit 1
