#!/usr/bin/env bash
# Renders a training set (or takes one) and trains the teacher on a machine with a GPU, unattended and within MINUTES.
#
# The networks grow from FIRST pixels a side to 256 and then to RESOLUTION. Started again with the same settings, the
# script goes on from where it was: on the same machine from the checkpoint in $WORK, on a fresh one with
# FROM=folder-with-what-came-back (weights, without the optimisers' memory), FIRST=256 and a small GROW.
# What is worth bringing back lies in $OUT at the end, at most 8 files of at most 15 MiB: weights.tar.a? (cat them
# together), log.jsonl, contact sheets. The short table comes last.
#
#   AVATARS=folder/with/vrm/files OUT=folder bash scripts/gpu/train_teacher.sh
#   DATA=data/set OUT=folder bash scripts/gpu/train_teacher.sh
#
# Settings by environment: PYTHON, WHEELS (a folder of wheels to install from, offline), WORK (scratch), COUNT (pictures
# in all), IDENTITIES (characters made of the avatars), RENDERERS (processes), RESOLUTION, FIRST, GROW (steps at each
# resolution before the last), STEPS, BATCH, WORKERS, MINUTES (of training), SET (more settings, name=value ...).
# A rehearsal without a GPU: DATA=data/set RESOLUTION=32 FIRST=16 GROW=2 STEPS=4 BATCH=2 WORKERS=0 MINUTES=2
#   SET="channel_base=256 channel_max=16 adversarial_from=4".
set -euo pipefail
cd "$(dirname "$0")/../.."

OUT=${OUT:?folder for the results}
PYTHON=${PYTHON:-python3}
WORK=${WORK:-${TMPDIR:-/tmp}/animirror-teacher}
COUNT=${COUNT:-16000} IDENTITIES=${IDENTITIES:-80} RENDERERS=${RENDERERS:-14}
RESOLUTION=${RESOLUTION:-512} FIRST=${FIRST:-64} GROW=${GROW:-4000}
STEPS=${STEPS:-40000} BATCH=${BATCH:-32} WORKERS=${WORKERS:-12} MINUTES=${MINUTES:-6} SET=${SET:-}
export PYTHONPATH=.${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1

mkdir -p "$WORK" "$OUT"
if [ -n "${WHEELS:-}" ]; then
  "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --upgrade --target "$WORK/site" "$WHEELS"/*.whl
  export PYTHONPATH="$PYTHONPATH:$WORK/site"
fi

if [ -z "${DATA:-}" ]; then
  : "${AVATARS:?folder with .vrm files, or DATA: a data set}"
  DATA=$WORK/data
  echo "== render $COUNT pictures of $IDENTITIES characters"
  find "$AVATARS" -name '*.vrm' -print0 | sort -z |
    OMP_NUM_THREADS=1 LP_NUM_THREADS=1 xargs -0 "$PYTHON" -m realtime dataset make "$DATA" --count "$COUNT" \
      --identities "$IDENTITIES" --sequences 0 --workers "$RENDERERS" >"$WORK/render.log" 2>&1 ||
    { tail -n 20 "$WORK/render.log"; exit 1; }
fi

start=()
if [ -n "${FROM:-}" ]; then
  mkdir -p "$WORK/from"
  cat "$FROM"/weights.tar.* | tar -C "$WORK/from" -xf -
  start=(--start-from "$WORK/from")
fi
settings=()
for pair in "resolution=$RESOLUTION" "first_resolution=$FIRST" "grow_steps=$GROW" $SET; do settings+=(--set "$pair"); done

echo "== train for $MINUTES minutes"
"$PYTHON" -m realtime train teacher "$DATA" --run "$WORK/run" --steps "$STEPS" --batch "$BATCH" --workers "$WORKERS" \
  --minutes "$MINUTES" --save-every 2 --log-every 50 --show-every "${SHOW:-1000}" \
  ${start[@]+"${start[@]}"} "${settings[@]}" >"$WORK/train.log" 2>&1 || { tail -n 20 "$WORK/train.log"; exit 1; }
tail -n 1 "$WORK/train.log"

echo "== export"
rm -rf "$WORK/weights" && rm -f "$OUT"/weights.tar.*
"$PYTHON" -m realtime teacher export "$WORK/run" "$DATA" "$WORK/weights" --discriminator --half
tar -C "$WORK/weights" -cf - . | split -b 15m - "$OUT/weights.tar."
cp "$WORK/run/log.jsonl" "$OUT/"
"$PYTHON" -m realtime teacher show "$WORK/weights" "$WORK/sheets" --data "$DATA"
"$PYTHON" - "$WORK/sheets" "$OUT" <<'EOF'
import sys
from pathlib import Path

from PIL import Image

for path in sorted(Path(sys.argv[1]).glob("*.png")):
    with Image.open(path) as picture:
        picture.thumbnail((4096, 4096))
        picture.save(Path(sys.argv[2]) / f"{path.stem}.webp", quality=85)
EOF
du -h "$OUT"/*

"$PYTHON" - "$WORK/run/log.jsonl" <<'EOF'
import json
import sys
from pathlib import Path

rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
trained = [row for row in rows if "pictures" in row]
print("step pictures images/s psnr(train)")
for row in trained[:: max(1, len(trained) // 8)]:
    print(row["step"], row["pictures"], row["images_per_s"], round(row.get("psnr", 0.0), 2))
for row in [row for row in rows if "held_out/psnr" in row][-3:]:
    print(f"held out at step {row['step']}: {row['held_out/psnr']:.2f} dB, face {row['held_out/psnr_face']:.2f} dB")
EOF
