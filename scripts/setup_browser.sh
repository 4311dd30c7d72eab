#!/usr/bin/env bash
# See that there is a Chromium to test the page with: an installed one, else Playwright's, else apt's when root.
set -euo pipefail

venv=${VENV:-.venv}

finish_if_found() {
  local browser
  if browser=$("$venv/bin/python" -m benchmarks.installed_chromium 2>/dev/null); then
    echo "setup: browser is $browser"
    exit 0
  fi
}

finish_if_found

echo "setup: no browser is installed, fetching Playwright's Chromium"
if timeout 600 "$venv/bin/playwright" install chromium >/dev/null 2>&1; then
  finish_if_found
  if [[ $(id -u) == 0 ]]; then
    # Its shared libraries come from the system.
    "$venv/bin/playwright" install-deps chromium >/dev/null 2>&1 || true
    finish_if_found
  fi
fi

if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
  echo "setup: Playwright's Chromium cannot be had or does not run here, installing the system's"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  finish_if_found
fi

echo "setup: no Chromium runs here. Install one, then run make again:" >&2
echo "    sudo apt-get install chromium" >&2
exit 1
