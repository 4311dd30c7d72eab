#!/usr/bin/env bash
# See that the shared libraries are there that no wheel carries; install them by apt when root, else say what is missing.
#
#   scripts/setup_system.sh serve    what the server needs (OpenCV links against libGL and GLib)
#   scripts/setup_system.sh test     and what the off-screen renderer needs (EGL and a software rasteriser)
set -euo pipefail

lane=${1:?usage: setup_system.sh serve|test}
python=${VENV:-.venv}/bin/python

loads() { "$python" -c "import ctypes, sys; ctypes.CDLL(sys.argv[1])" "$1" 2>/dev/null; }
renders() {
  "$python" - 2>/dev/null <<'PY'
import moderngl

context = moderngl.create_context(standalone=True, backend="egl")
context.simple_framebuffer((4, 4)).clear(1.0)
PY
}

missing=()
loads libGL.so.1 || missing+=(libgl1)
loads libgthread-2.0.so.0 || missing+=(libglib2.0-0)
if [[ $lane == test ]] && ! renders; then
  missing+=(libegl1 libgl1-mesa-dri)
fi
[[ ${#missing[@]} == 0 ]] && exit 0

if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
  echo "setup: installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "setup: this machine lacks libraries. Install them, then run make again:" >&2
  echo "    sudo apt-get install ${missing[*]}" >&2
  exit 1
fi

if [[ $lane == test ]] && ! renders; then
  echo "setup: EGL still gives no OpenGL context; the renderer's tests cannot run here." >&2
  exit 1
fi
