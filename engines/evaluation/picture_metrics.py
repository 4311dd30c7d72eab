"""How far a generated picture is from its render: PSNR, SSIM, edges and alpha, over any region.

Source: Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE Transactions on
Image Processing 13 (2004), with the 7 x 7 uniform window, constants and unbiased covariance of scikit-image, whose
`structural_similarity` is the slow twin of :func:`ssim_map`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

#: PSNR of equal pictures, dB: what 8 bits can tell apart ends a little below.
MOST_PSNR = 60.0
_WINDOW = 7
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
#: ITU-R BT.601 luma.
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
#: Scharr's weights sum to 16 on each side: a step of one grey level over two pixels counts as one.
_SCHARR_SCALE = 1 / 32
#: Alpha counts as beside the figure, or inside, this many pixels of 512 from its border.
_BORDER_PX = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PictureMaps:
    """What differs between two pictures, pixel by pixel.

    Args:
        squared: float32, (H, W), squared error, mean of the channels, in grey levels of 255.
        ssim: float32, (H, W), structural similarity, mean of the channels.
        got_edges, true_edges: float32, (H, W), length of luma's gradient, grey levels per pixel.
    """

    squared: F32
    ssim: F32
    got_edges: F32
    true_edges: F32

    @classmethod
    def of(cls, got: U8, true: U8) -> PictureMaps:
        """Compare two pictures, uint8 (H, W, 3) RGB each."""
        if got.shape != true.shape or got.shape[2:] != (3,):
            raise ValueError(f"pictures: got shapes {got.shape} and {true.shape}, expected the same (H, W, 3)")
        difference = got.astype(np.float32) - true.astype(np.float32)
        return cls(
            squared=np.square(difference).mean(axis=2),
            ssim=ssim_map(got, true),
            got_edges=edges(got),
            true_edges=edges(true),
        )

    def figures(self, mask: Bools | None = None) -> dict[str, float]:
        """Return the figures of a region.

        `psnr` in dB; `ssim`; `edge_error`, the sum of differences of gradient lengths over the sum of the render's: 0
        where all edges are as they should be, about 1 where there are none; `sharpness`, the sum of gradient lengths
        over the render's: below 1 is soft.

        Args:
            mask: bool, (H, W), with at least one True; None for the whole picture.
        """
        if mask is None:
            border = _WINDOW // 2  # as scikit-image leaves out what the window's padding enters
            ssim = self.ssim[border:-border, border:-border]
            mask = np.ones(self.ssim.shape, np.bool_)
        else:
            ssim = self.ssim[mask]
        got, true = self.got_edges[mask], self.true_edges[mask]
        total = max(float(true.sum()), 1e-6)
        return {
            "psnr": psnr(float(self.squared[mask].mean())),
            "ssim": float(ssim.mean()),
            "edge_error": float(np.abs(got - true).sum()) / total,
            "sharpness": float(got.sum()) / total,
        }


def psnr(squared: float) -> float:
    """Return PSNR in dB, at most :data:`MOST_PSNR`, of a mean squared error in grey levels of 255."""
    return min(MOST_PSNR, 10 * float(np.log10(255**2 / max(squared, 1e-9))))


def ssim_map(got: U8, true: U8) -> F32:
    """Return the structural similarity around each pixel, mean of the channels, float32 (H, W)."""
    x, y = got.astype(np.float32), true.astype(np.float32)
    count = _WINDOW**2
    unbiased = count / (count - 1)
    mean_x, mean_y = _averaged(x), _averaged(y)
    variance_x = unbiased * (_averaged(x * x) - mean_x * mean_x)
    variance_y = unbiased * (_averaged(y * y) - mean_y * mean_y)
    covariance = unbiased * (_averaged(x * y) - mean_x * mean_y)
    above = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    below = (mean_x * mean_x + mean_y * mean_y + _C1) * (variance_x + variance_y + _C2)
    return np.asarray((above / below).mean(axis=2), np.float32)


def edges(picture: U8) -> F32:
    """Return the length of luma's gradient (Scharr), grey levels per pixel, float32 (H, W), of RGB."""
    luma = cv2.transform(picture.astype(np.float32), _LUMA)
    across = cv2.Scharr(luma, cv2.CV_32F, 1, 0, scale=_SCHARR_SCALE)
    down = cv2.Scharr(luma, cv2.CV_32F, 0, 1, scale=_SCHARR_SCALE)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def alpha_figures(got: U8, true: U8) -> dict[str, float]:
    """Return how far an alpha channel is from the render's, all 0..1.

    `alpha_error`, the mean absolute difference; `veil`, the mean alpha where the render has none, away from the figure;
    `missing`, what lacks of alpha where the render is opaque, away from its border.  NaN where there is no such place.

    Args:
        got: uint8, (H, W).
        true: the same shape, of the render.
    """
    reach = 2 * round(_BORDER_PX * len(true) / 512) + 1
    kernel = np.ones((reach, reach), np.uint8)
    beside = cv2.dilate(true, kernel) == 0
    inside = cv2.erode(true, kernel, borderType=cv2.BORDER_REPLICATE) == 255
    difference = np.abs(got.astype(np.float32) - true)
    return {
        "alpha_error": float(difference.mean()) / 255,
        "veil": float(got[beside].mean()) / 255 if beside.any() else float("nan"),
        "missing": 1 - float(got[inside].mean()) / 255 if inside.any() else float("nan"),
    }


def _averaged(values: F32) -> F32:
    """Return the mean in each pixel's window; borders are reflected, the border pixel repeated, as SciPy does it."""
    return np.asarray(cv2.blur(values, (_WINDOW, _WINDOW), borderType=cv2.BORDER_REFLECT), np.float32)
