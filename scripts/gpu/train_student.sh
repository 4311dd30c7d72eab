#!/usr/bin/env bash
# Renders a training set and trains the student on a machine with a GPU, unattended and within MINUTES.
#
# Started again, it keeps the shards already rendered and continues from the checkpoint.  What is worth bringing back
# (checkpoint, exported weights, log, contact sheet; under 16 MiB a file) lies in $OUT at the end.
#
#   AVATARS=folder/with/vrm/files OUT=folder bash scripts/gpu/train_student.sh
#
# Settings by environment: PYTHON, WHEELS (a folder of wheels to install from, offline), WORK (scratch), COUNT
# (pictures in all), IDENTITIES (characters made of the avatars), RENDERERS (processes), STEPS, COARSE, BATCH, RATE,
# WORKERS, MINUTES.
# A rehearsal without a GPU: COUNT=60 IDENTITIES=8 RENDERERS=1 STEPS=4 COARSE=2 BATCH=2 WORKERS=1 MINUTES=2.
set -euo pipefail
cd "$(dirname "$0")/../.."

AVATARS=${AVATARS:?folder with .vrm files}
OUT=${OUT:?folder for the results}
PYTHON=${PYTHON:-python3}
WORK=${WORK:-${TMPDIR:-/tmp}/animirror}
COUNT=${COUNT:-24000} IDENTITIES=${IDENTITIES:-40} RENDERERS=${RENDERERS:-14}
STEPS=${STEPS:-20000} COARSE=${COARSE:-6000} BATCH=${BATCH:-32} RATE=${RATE:-4e-3} WORKERS=${WORKERS:-12} MINUTES=${MINUTES:-6}
export PYTHONPATH=.${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1

mkdir -p "$WORK/data" "$WORK/run" "$OUT"
if [ -n "${WHEELS:-}" ]; then
  "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --upgrade --target "$WORK/site" "$WHEELS"/*.whl
  export PYTHONPATH="$PYTHONPATH:$WORK/site"
fi

echo "== render $COUNT pictures of $IDENTITIES characters"
find "$AVATARS" -name '*.vrm' -print0 | sort -z |
  OMP_NUM_THREADS=1 xargs -0 "$PYTHON" -m realtime dataset make "$WORK/data" --count "$COUNT" \
    --identities "$IDENTITIES" --workers "$RENDERERS" >"$WORK/render.log" 2>&1 ||
  { tail -n 20 "$WORK/render.log"; exit 1; }

echo "== train for $MINUTES minutes"
"$PYTHON" -m engines.training.train "$WORK/data" --run "$WORK/run" --steps "$STEPS" --coarse-steps "$COARSE" \
  --batch "$BATCH" --rate "$RATE" --workers "$WORKERS" --minutes "$MINUTES" --evaluate-every "$STEPS" \
  >"$WORK/train.log" 2>&1 || { tail -n 20 "$WORK/train.log"; exit 1; }

echo "== export"
"$PYTHON" -m engines.training.export "$WORK/run/checkpoint.pt" "$WORK/data" --out "$WORK/weights" \
  --credits scripts/training/credits.toml
cp "$WORK/weights/model.json" "$WORK/weights/student.onnx" "$WORK/weights/student.safetensors" "$OUT/"
tar -C "$WORK/weights" -cf "$OUT/characters.tar" characters
gzip -c "$WORK/run/checkpoint.pt" | split -b 15m - "$OUT/checkpoint.pt.gz."  # cat them together to continue
cp "$WORK/run/log.jsonl" "$OUT/"
cp "$(ls "$WORK"/run/sheet_*.png | tail -n 1)" "$OUT/contact_sheet.png"
du -h "$OUT"/*
grep held_out "$WORK/run/log.jsonl" | tail -n 1
