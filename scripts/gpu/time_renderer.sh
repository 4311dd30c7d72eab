#!/usr/bin/env bash
# Times the studio's renderer on this machine, unattended: which device draws, milliseconds per stage, pictures per
# second by one process and by all of them.  The short table comes last; rows lie in $OUT/studio.json.
#
#   AVATARS=folder/with/vrm/files OUT=folder bash scripts/gpu/time_renderer.sh
#
# Settings by environment: PYTHON, WHEELS (a folder of wheels to install from, offline), WORK (scratch), COUNT
# (pictures per avatar and process), PROCESSES, SIZE, SUPERSAMPLE, FRAMING, GLCONTEXT_DEVICE_INDEX (which EGL device).
# A rehearsal without a GPU: COUNT=4 PROCESSES=2.
set -euo pipefail
cd "$(dirname "$0")/../.."

AVATARS=${AVATARS:?folder with .vrm files}
OUT=${OUT:?folder for the results}
PYTHON=${PYTHON:-python3}
WORK=${WORK:-${TMPDIR:-/tmp}/animirror}
COUNT=${COUNT:-100} PROCESSES=${PROCESSES:-$(nproc)}
SIZE=${SIZE:-512} SUPERSAMPLE=${SUPERSAMPLE:-2} FRAMING=${FRAMING:-portrait}
export PYTHONPATH=.${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1

mkdir -p "$WORK" "$OUT"
if [ -n "${WHEELS:-}" ]; then
  "$PYTHON" -m pip install -q --no-index --no-deps --no-compile --upgrade --target "$WORK/site" "$WHEELS"/*.whl
  export PYTHONPATH="$PYTHONPATH:$WORK/site"
fi

# A driver's file that the loader does not look for by itself.
vendor=/usr/local/nvidia/share/glvnd/egl_vendor.d/10_nvidia.json
if [ -z "${__EGL_VENDOR_LIBRARY_FILENAMES:-}" ] && [ -e "$vendor" ]; then
  export __EGL_VENDOR_LIBRARY_FILENAMES=$vendor
fi

echo "== the same picture twice, and one to look at"
"$PYTHON" - "$AVATARS" "$OUT" <<'EOF'
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from engines.controls import controls
from engines.framing import portrait_camera
from engines.studio.avatar import load_avatar
from engines.studio.renderer import Renderer

avatar = load_avatar(min(Path(sys.argv[1]).glob("*.vrm")))
renderer = Renderer()
first, second = (renderer.render(avatar, controls(), portrait_camera(avatar.proportions), 512) for _ in range(2))
assert np.array_equal(first, second), "the same call gave two pictures"
Image.fromarray(first).save(Path(sys.argv[2]) / "picture.png")
print(renderer.device)
EOF

echo "== $COUNT pictures per avatar, 1 and $PROCESSES processes"
"$PYTHON" -m benchmarks.studio "$AVATARS" --count "$COUNT" --processes "$PROCESSES" --size "$SIZE" \
  --supersample "$SUPERSAMPLE" --framing "$FRAMING" --results "$OUT"
