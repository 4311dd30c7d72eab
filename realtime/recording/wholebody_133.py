"""COCO-WholeBody's 133 points in the orders used here.

Source: Jin et al., "Whole-Body Human Pose Estimation in the Wild", ECCV 2020, figure 2 and section 3; the annotation
format in the data set's `data_format.md`: 17 body, 6 foot, 68 face, 21 left and 21 right hand points.
"""

from __future__ import annotations

BODY, FEET, FACE = slice(0, 17), slice(17, 23), slice(23, 91)
LEFT_HAND, RIGHT_HAND = slice(91, 112), slice(112, 133)
WHOLEBODY_POINTS = 133
#: MediaPipe's number -> COCO-WholeBody's.  Big toes stand for MediaPipe's foot index.
WHOLEBODY: dict[int, int] = {
    **{0: 0, 2: 1, 5: 2, 7: 3, 8: 4},  # nose, eyes, ears
    **{11: 5, 12: 6, 13: 7, 14: 8, 15: 9, 16: 10},  # shoulders, elbows, wrists
    **{23: 11, 24: 12, 25: 13, 26: 14, 27: 15, 28: 16},  # hips, knees, ankles
    **{29: 19, 30: 22, 31: 17, 32: 20},  # heels, big toes
}
