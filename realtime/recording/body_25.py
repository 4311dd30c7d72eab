"""OpenPose's BODY_25 in MediaPipe's order of 33 body points.

Sources: `doc/02_output.md` and `poseParametersRender.hpp` of CMU's OpenPose 1.7 (POSE_BODY_25_BODY_PARTS); MediaPipe's
`pose.py` (PoseLandmark).
"""

from __future__ import annotations

BODY_25_POINTS = 25
#: MediaPipe's number -> BODY_25's.  Big toes stand for MediaPipe's foot index.
BODY_25: dict[int, int] = {
    **{0: 0, 2: 16, 5: 15, 7: 18, 8: 17},  # nose, eyes, ears
    **{11: 5, 12: 2, 13: 6, 14: 3, 15: 7, 16: 4},  # shoulders, elbows, wrists
    **{23: 12, 24: 9, 25: 13, 26: 10, 27: 14, 28: 11},  # hips, knees, ankles
    **{29: 21, 30: 24, 31: 19, 32: 22},  # heels, big toes
}
#: BODY_25's points that lie midway between two of MediaPipe's: neck and middle of the hips.
MIDDLES: dict[int, tuple[int, int]] = {1: (11, 12), 8: (23, 24)}
#: OpenPose's pupils behind its 68 face points.
RIGHT_PUPIL, LEFT_PUPIL, FACE_70_POINTS = 68, 69, 70
