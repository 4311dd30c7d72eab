#!/usr/bin/env bash
# Renders a training set and trains the student on a machine with a GPU, unattended and within MINUTES.
#
# Started again, it keeps the shards already rendered, the structure maps and the last checkpoint.  What is worth
# bringing back (checkpoint, exported weights, log, contact sheet; under 16 MiB a file) lies in $OUT at the end.
#
#   AVATARS=folder/with/vrm/files OUT=folder bash scripts/gpu/train_student.sh
#
# Settings by environment: PYTHON, WHEELS (a folder of wheels to install from, offline), WORK (scratch), COUNT
# (pictures in all), IDENTITIES (characters made of the avatars), RENDERERS (processes), STEPS, BATCH, RATE, WORKERS,
# MINUTES, START (exported weights to begin with, such as engines/pretrained).
# A rehearsal without a GPU: COUNT=40 IDENTITIES=2 RENDERERS=1 STEPS=4 BATCH=2 WORKERS=0 MINUTES=2.
set -euo pipefail
cd "$(dirname "$0")/../.."

AVATARS=${AVATARS:?folder with .vrm files}
OUT=${OUT:?folder for the results}
PYTHON=${PYTHON:-python3}
WORK=${WORK:-${TMPDIR:-/tmp}/animirror}
COUNT=${COUNT:-24000} IDENTITIES=${IDENTITIES:-64} RENDERERS=${RENDERERS:-14}
STEPS=${STEPS:-30000} BATCH=${BATCH:-32} RATE=${RATE:-3e-3} WORKERS=${WORKERS:-10} MINUTES=${MINUTES:-5}
export PYTHONPATH=.${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1

mkdir -p "$WORK/data" "$WORK/run" "$OUT"
if [ -n "${WHEELS:-}" ]; then
  "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --upgrade --target "$WORK/site" "$WHEELS"/*.whl
  export PYTHONPATH="$PYTHONPATH:$WORK/site"
fi

echo "== render $COUNT pictures of $IDENTITIES characters"
find "$AVATARS" -name '*.vrm' -print0 | sort -z |
  OMP_NUM_THREADS=1 xargs -0 "$PYTHON" -m realtime dataset make "$WORK/data" --count "$COUNT" \
    --identities "$IDENTITIES" --framings portrait portrait full --workers "$RENDERERS" >"$WORK/render.log" 2>&1 ||
  { tail -n 20 "$WORK/render.log"; exit 1; }

echo "== train for $MINUTES minutes"
"$PYTHON" -m realtime train student "$WORK/data" --run "$WORK/run" --steps "$STEPS" --batch "$BATCH" --set "rate=$RATE" \
  --workers "$WORKERS" --minutes "$MINUTES" ${START:+--start-from "$START"} >"$WORK/train.log" 2>&1 ||
  { tail -n 20 "$WORK/train.log"; exit 1; }

echo "== export"
"$PYTHON" -m engines.student.export "$WORK/run" "$WORK/data" --out "$WORK/weights" --credits scripts/training/credits.toml
(cd "$WORK/weights" && cp model.json *.onnx *.safetensors "$OUT/")
gzip -c "$(ls "$WORK"/run/checkpoint_*.pt | tail -n 1)" >"$OUT/checkpoint.pt.gz"
cp "$WORK/run/log.jsonl" "$OUT/"
cp "$(ls "$WORK"/run/pictures/*.png | tail -n 1)" "$OUT/contact_sheet.png"
du -h "$OUT"/*
grep psnr "$WORK/run/log.jsonl" | tail -n 3
