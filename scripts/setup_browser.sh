#!/usr/bin/env bash
# See that there is a Chromium to test the page with: an installed one, else Playwright's, else apt's when root.
set -euo pipefail

venv=${VENV:-.venv}

works() {
  command -v "$1" >/dev/null || return 1
  timeout 60 "$1" --headless=new --no-sandbox --disable-gpu --dump-dom about:blank >/dev/null 2>&1
}

playwright_path() {
  "$venv/bin/python" - <<'PY'
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
PY
}

found() {
  echo "setup: browser is $1"
  exit 0
}

for candidate in ${ANIMIRROR_TEST_BROWSER:-} chromium chromium-browser google-chrome google-chrome-stable; do
  works "$candidate" && found "$candidate"
done

own=$(playwright_path)
works "$own" && found "$own"

echo "setup: no browser installed, fetching Playwright's Chromium"
if timeout 600 "$venv/bin/playwright" install chromium >/dev/null 2>&1; then
  works "$own" && found "$own"
  # Its shared libraries come from the system.
  if [[ $(id -u) == 0 ]]; then
    "$venv/bin/playwright" install-deps chromium >/dev/null || true
    works "$own" && found "$own"
  fi
fi

if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
  echo "setup: Playwright's Chromium does not run here, installing the system's"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  works chromium && found chromium
fi

echo "setup: no Chromium runs here. Install one, then run make again:" >&2
echo "    sudo apt-get install chromium" >&2
exit 1
