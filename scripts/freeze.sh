#!/usr/bin/env bash
# Rewrite constraints.txt from the environment in .venv.  Run it when `make check` and `make test` pass.
set -euo pipefail
cd "$(dirname "$0")/.."
{
  echo "# The set of versions that this project is tested with, direct and indirect dependencies alike."
  echo "# Made by \`scripts/freeze.sh\` from a passing environment; \`make\` installs with \`--constraint constraints.txt\`."
  # A build's local label (torch's "+cpu") is the machine's choice, not the project's.
  "${VENV:-.venv}/bin/pip" freeze --exclude-editable | grep -v '^#' | sed 's/+[a-z0-9.]*$//'
} >constraints.new
mv constraints.new constraints.txt
