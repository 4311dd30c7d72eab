#!/usr/bin/env bash
# Times the network in every backend on this machine, unattended: backends x precisions x pictures at once with their
# likeness to the reference, PyTorch eager, with CUDA graphs and compiled, and what `animirror engines` picks.  Short
# tables come last; rows lie in $OUT.
#
#   OUT=folder bash scripts/gpu/time_backends.sh
#
# Started again, it keeps the rows that lie in $OUT (PyTorch's one by one), and finds plans in $WORK/cache (`build_tensorrt.sh` makes
# them; else they are built here).  Settings by environment: PYTHON, WHEELS (a folder of wheels to install from,
# offline), WORK (scratch), BACKENDS, BATCHES, RUNS, MODES and PRECISIONS of PyTorch, MINUTES_EACH (per step).
# A rehearsal without a GPU: BACKENDS="openvino onnxruntime" BATCHES="1 2" RUNS=5 MODES=eager PRECISIONS=f32.
set -euo pipefail
cd "$(dirname "$0")/../.."

OUT=${OUT:?folder for the results}
PYTHON=${PYTHON:-python3}
WORK=${WORK:-${TMPDIR:-/tmp}/animirror}
BACKENDS=${BACKENDS:-onnxruntime tensorrt torch}
BATCHES=${BATCHES:-1 2 4 8 16} RUNS=${RUNS:-100}
MODES=${MODES:-eager graph compile} PRECISIONS=${PRECISIONS:-f32 f16 bf16}
MINUTES_EACH=${MINUTES_EACH:-3}
export PYTHONPATH=.${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1 ANIMIRROR_ENGINE__CACHE=$WORK/cache

mkdir -p "$WORK" "$OUT"
if [ -n "${WHEELS:-}" ]; then
  "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --upgrade --target "$WORK/site" "$WHEELS"/*.whl
  export PYTHONPATH="$PYTHONPATH:$WORK/site"
fi

# A step that fails or takes too long must not take the others with it.
step() { # name of the rows, command
  local name=$1
  shift
  if [ -s "$OUT/$name.json" ] && [ "$name" != engine_torch ]; then
    echo "== $name: there already"
    return
  fi
  echo "== $name"
  timeout "${MINUTES_EACH}m" "$@" >"$OUT/$name.log" 2>&1 || echo "$name failed or took longer than $MINUTES_EACH min:"
  tail -n 3 "$OUT/$name.log"
}

# shellcheck disable=SC2086  # several of each
step engine "$PYTHON" -m benchmarks.engine --backends $BACKENDS --batches $BATCHES --runs "$RUNS" --results "$OUT"
# shellcheck disable=SC2086
step engine_torch "$PYTHON" -m benchmarks.engine_torch --modes $MODES --precisions $PRECISIONS --batches $BATCHES \
  --runs "$RUNS" --results "$OUT" --resume
if [ ! -s "$OUT/engines.txt" ]; then
  timeout "${MINUTES_EACH}m" "$PYTHON" -m realtime engines --measure >"$OUT/engines.txt" 2>"$OUT/engines.log" ||
    tail -n 3 "$OUT/engines.log"
fi

echo "== tables"
for name in engine engine_torch; do # from the rows: a step that was stopped has printed none
  "$PYTHON" - "$name" "$OUT" <<'EOF'
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.rows import read_rows

rows = read_rows(sys.argv[1], Path(sys.argv[2]))
print(import_module(f"benchmarks.{sys.argv[1]}").table(rows) if rows else f"{sys.argv[1]}: no rows", end="\n\n")
EOF
done
cat "$OUT/engines.txt"
