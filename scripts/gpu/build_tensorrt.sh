#!/usr/bin/env bash
# Builds the network's TensorRT plans on this machine, unattended: seconds until the first picture, once while building
# and once from the cache, and likeness to the reference.  The short table comes last; rows lie in
# $OUT/engine_load.json, what TensorRT said in $OUT/build.log.
#
#   OUT=folder bash scripts/gpu/build_tensorrt.sh
#
# Started again, it finds the plans in $WORK/cache.  Settings by environment: PYTHON, WHEELS (a folder of wheels to
# install from, offline), WORK (scratch), WAYS (backend:precision:road), SECONDS_EACH (that one opening may take).
# A rehearsal without a GPU: WAYS="openvino onnxruntime".
set -euo pipefail
cd "$(dirname "$0")/../.."

OUT=${OUT:?folder for the results}
PYTHON=${PYTHON:-python3}
WORK=${WORK:-${TMPDIR:-/tmp}/animirror}
WAYS=${WAYS:-tensorrt:f16 tensorrt:f32 tensorrt:f16:RTX}
SECONDS_EACH=${SECONDS_EACH:-90}
export PYTHONPATH=.${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1

mkdir -p "$WORK" "$OUT"
if [ -n "${WHEELS:-}" ]; then
  "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --upgrade --target "$WORK/site" "$WHEELS"/*.whl
  export PYTHONPATH="$PYTHONPATH:$WORK/site"
fi

echo "== what is here"
if command -v nvidia-smi >/dev/null; then
  nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader | tee "$OUT/card.txt"
else
  echo "no nvidia-smi" | tee "$OUT/card.txt"
fi

echo "== build, and open again"
# shellcheck disable=SC2086  # several ways
"$PYTHON" -m benchmarks.engine_load $WAYS --seconds "$SECONDS_EACH" --cache "$WORK/cache" --results "$OUT" \
  2>&1 | tee "$OUT/build.log"
