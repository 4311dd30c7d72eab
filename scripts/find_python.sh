#!/usr/bin/env bash
# Print a Python that can make this project's environment: 3.11 or 3.12, with venv and ensurepip.
# Candidates are run, not looked up: a version manager's shim may exist and still not start.
set -uo pipefail

supported='import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] < (3, 13))'
can_make_venv='import ensurepip, venv'
without_venv=""

try() {
  local candidate=$1
  command -v "$candidate" >/dev/null || return 1
  "$candidate" -c "$supported" 2>/dev/null || return 1
  if ! "$candidate" -c "$can_make_venv" 2>/dev/null; then
    without_venv=${without_venv:-$candidate}
    return 1
  fi
  echo "$candidate"
}

# 3.11 first: it is the version that constraints.txt was frozen with.
candidates=(${PYTHON:-} python3.11 python3.12 python3 python /usr/bin/python3.11 /usr/bin/python3.12)
for candidate in "${candidates[@]}"; do
  try "$candidate" && exit 0
done

if [[ -n $without_venv ]]; then
  # Debian keeps ensurepip in a package of its own.
  version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  package="python$version-venv"
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "setup: installing $package" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package"; } >&2
    try "$without_venv" && exit 0
  fi
  echo "setup: $without_venv cannot make virtual environments. Install it, then run make again:" >&2
  echo "    sudo apt-get install $package" >&2
  exit 1
fi
echo "setup: no Python 3.11 or 3.12 found (tried: ${candidates[*]})." >&2
echo "Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2
exit 1
