"""The student's network: shapes, modulation, and weights that fold."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the student needs the train extra")

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows

from engines.controls import NAMES
from engines.structure import CHANNELS
from engines.student.network import Encoder, ModulatedConv, Student, StudentConfig

SMALL = StudentConfig(w_dim=8, widths=(8, 12, 16), encoder_width=4)


def inputs(batch: int = 2, cells: int = 16) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return maps, conditions and styles."""
    torch.manual_seed(1)
    return torch.randn(batch, CHANNELS, cells, cells), torch.randn(batch, len(NAMES)), torch.randn(batch, 8)


@pytest.mark.parametrize("cells", [8, 16, 32])
def test_student_answers_at_twice_the_maps_resolution(cells: int) -> None:
    """RGB, between -1 and 1, for any size that halves twice."""
    change = Student(SMALL)(*inputs(cells=cells))
    assert change.shape == (2, 3, 2 * cells, 2 * cells)
    assert change.dtype == torch.float32
    assert change.abs().max() < 1


def test_student_begins_with_little_to_say() -> None:
    """Before training the views' colours stay nearly as they are, but something can be learnt."""
    torch.manual_seed(0)
    change = Student(StudentConfig())(torch.randn(1, CHANNELS, 32, 32), torch.zeros(1, len(NAMES)), torch.zeros(1, 64))
    assert 0 < change.abs().mean() < 0.15


def test_student_answers_for_each_picture_by_itself() -> None:
    """A batch is its pictures: neither styles nor maps of one reach another."""
    student, (maps, condition, w) = Student(SMALL), inputs()
    both = student(maps, condition, w)
    for row in range(2):
        one = slice(row, row + 1)
        torch.testing.assert_close(student(maps[one], condition[one], w[one])[0], both[row], atol=1e-5, rtol=1e-4)


def test_student_listens_to_everything_it_is_told() -> None:
    """Maps, controls and style all reach the answer and all parameters get gradients."""
    student = Student(SMALL)
    told = [one.requires_grad_() for one in inputs()]
    student(*told).square().sum().backward()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in told)
    silent = [name for name, one in student.named_parameters() if one.grad is None or not one.grad.abs().sum() > 0]
    assert silent == []


def test_modulated_conv_is_a_convolution_of_scaled_channels() -> None:
    """Against the plain formula: each output has unit weight norm times its gain, each input its style's scale."""
    torch.manual_seed(2)
    conv = ModulatedConv(3, 5, 4, stride=2)
    with torch.no_grad():
        conv.gain.copy_(torch.rand(5) + 0.5)
        conv.bias.copy_(torch.randn(5))
    x, style = torch.randn(2, 3, 8, 8), torch.randn(2, 4)
    expected = []
    for one, words in zip(x, style, strict=True):
        scale = conv.affine.weight @ words + conv.affine.bias
        weight = conv.weight / conv.weight.flatten(1).norm(dim=1)[:, None, None, None] * conv.gain[:, None, None, None]
        plain = F.conv2d((one * scale[:, None, None])[None], weight, conv.bias, stride=2, padding=1)
        expected.append(torch.where(plain > 0, plain, 0.2 * plain) * 2**0.5)
    torch.testing.assert_close(conv(x, style), torch.cat(expected), atol=1e-5, rtol=1e-4)


def test_modulated_conv_folds_into_one_weight_per_layer() -> None:
    """The demodulation does not depend on the style: with the folded weight put in its place nothing changes."""
    conv, x, style = ModulatedConv(3, 5, 4), torch.randn(1, 3, 8, 8), torch.randn(1, 4)
    with torch.no_grad():
        conv.weight.mul_(7)
    before, folded = conv(x, style), conv.folded().detach()
    torch.testing.assert_close(folded.flatten(1).norm(dim=1), conv.gain.detach(), atol=1e-5, rtol=1e-4)
    conv.folded = lambda: folded  # type: ignore[method-assign]
    torch.testing.assert_close(conv(x, style), before)


def test_config_comes_back_from_json() -> None:
    """What a checkpoint or model.json says makes the same network."""
    assert StudentConfig.from_json(SMALL.to_json()) == SMALL


def test_encoder_reads_a_style_off_small_views() -> None:
    """One vector per character, another one for another character."""
    encoder = Encoder(SMALL, views=4)
    w = encoder(torch.rand(3, 16, 64, 64))
    assert w.shape == (3, 8)
    assert (w[0] - w[1]).abs().max() > 0
