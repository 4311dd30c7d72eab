"""How the renderer draws materials: MToon against a slow twin, on flat squares and balls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from engines.studio.avatar import Avatar
from engines.studio.expression_traits import ColourBind, Traits, UvBind
from engines.studio.materials import AlphaMode, Cull, Material, UvTransform, Wrap
from engines.studio.renderer import LIGHT, Renderer
from tests.fakes.figures import CAMERA, Piece, ball, figure, square

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

SIZE = 96
WHITE = (1.0, 1.0, 1.0, 1.0)
#: Lit and in shade alike: what is drawn is the colour.
PLAIN = Material(name="plain", lit_colour=WHITE, shade_colour=WHITE)
NOISE = np.random.default_rng(0).integers(30, 255, (8, 8, 4), dtype=np.uint8)


def _draw(
    renderer: Renderer, like: Avatar, pieces: list[Piece], textures: tuple[U8, ...] = (), supersample: int = 2
) -> U8:
    avatar, pose = figure(like, pieces, textures)
    return renderer.render(avatar, pose, CAMERA, SIZE, supersample)


def _plain(*colour: float, **fields: object) -> Material:
    rgba = (*colour, 1.0)[:4]
    return replace(PLAIN, lit_colour=rgba, shade_colour=rgba, **fields)  # type: ignore[arg-type]


def _linear(colour: tuple[float, ...]) -> F64:
    return np.asarray(np.asarray(colour[:3]) ** 2.2, np.float64)


def _encoded(light: F64) -> F64:
    light = np.clip(light, 0, 1)
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255)


def _decoded(texels: F64) -> F64:
    return np.where(texels <= 0.04045, texels / 12.92, ((texels + 0.055) / 1.055) ** 2.4)


def _ball_normals() -> tuple[F64, npt.NDArray[np.bool_]]:
    """Return the normals that a ball of half a metre shows at pixel centres, and where it is not near its edge."""
    y, x = np.mgrid[:SIZE, :SIZE]
    n = np.stack([(x + 0.5) / SIZE * 2 - 1, 1 - (y + 0.5) / SIZE * 2], axis=-1) / 0.5
    square_length = (n**2).sum(axis=-1)
    z = np.sqrt(np.maximum(1 - square_length, 0))
    return np.concatenate([n, z[..., None]], axis=-1), square_length < 0.9


def _twin(material: Material, n: F64, base: F64, matcap: F64 | None = None, glow: F64 | None = None) -> F64:
    """Return MToon's colour, 0..255: the formulas of the specification, pixel by pixel."""
    lit, shade = base * _linear(material.lit_colour), _linear(material.shade_colour)
    if material.shade_texture is not None:
        shade = base * shade
    lean = n @ LIGHT + material.shading_shift
    low, high = -1 + material.shading_toony, 1 - material.shading_toony
    shading = np.clip((lean - low) / max(high - low, 1e-4), 0, 1)[..., None]
    light = shade + (lit - shade) * shading
    fresnel = np.clip(1 - n[..., 2:] + material.rim_lift, 0, 1) ** material.rim_power
    light = light + _linear(material.rim_colour) * fresnel
    if matcap is not None:
        light = light + _linear(material.matcap_colour) * matcap
    light = light + _linear(material.emission_colour) * (1.0 if glow is None else glow)
    return _encoded(light)


BALLS = {
    "soft": Material(name="", lit_colour=(0.9, 0.6, 0.3, 1), shade_colour=(0.4, 0.2, 0.5, 1), shading_toony=0.2),
    "hard": Material(name="", lit_colour=(0.9, 0.9, 0.3, 1), shade_colour=(0.7, 0.5, 0.5, 1), shading_toony=0.8),
    "to_black": Material(name="", lit_colour=WHITE, shade_colour=(0, 0, 0, 1), shading_toony=0.0),
    "shifted": Material(
        name="", lit_colour=(0.9, 0.6, 0.3, 1), shade_colour=(0.4, 0.2, 0.5, 1), shading_toony=0.3, shading_shift=-0.4
    ),
    "rim": Material(name="", lit_colour=(0.5, 0.4, 0.3, 1), rim_colour=(0.2, 0.5, 0.9, 1), rim_power=3.0, rim_lift=0.1),
    "glow": Material(name="", lit_colour=(0.5, 0.4, 0.3, 1), emission_colour=(0.3, 0.5, 0.1, 1)),
}


@pytest.mark.parametrize("name", BALLS)
def test_shading_of_a_ball_is_that_of_the_slow_twin(boxes: Avatar, renderer: Renderer, name: str) -> None:
    """Terminator, rim light and emission follow MToon's formulas in linear light."""
    material = BALLS[name]
    picture = _draw(renderer, boxes, [ball(material, steps=96)], supersample=1)
    n, inside = _ball_normals()
    expected = _twin(material, n, np.ones(3))
    difference = np.abs(picture[..., :3] - expected)[inside]
    assert difference.mean() < 1.5
    assert np.percentile(difference, 99) < 8


def test_matcap_is_read_by_the_normal(boxes: Avatar, renderer: Renderer) -> None:
    """A sphere map's left half lights the ball's left side, its top the top, in linear light."""
    matcap = np.zeros((64, 64, 4), np.uint8)
    matcap[..., 3] = 255
    matcap[:32, :, 0], matcap[:, :32, 1] = 128, 200
    material = replace(BALLS["soft"], matcap_texture=0, matcap_colour=(0.9, 0.9, 0.9, 1))
    picture = _draw(renderer, boxes, [ball(material, steps=96)], (matcap,), supersample=1)
    n, inside = _ball_normals()
    off = (np.abs(n[..., :2]) > 0.08).all(axis=-1)  # not where the map changes
    rows, columns = ((0.5 - 0.5 * n[..., 1]) * 64).astype(int), ((0.5 + 0.5 * n[..., 0]) * 64).astype(int)
    seen = _decoded(matcap[np.clip(rows, 0, 63), np.clip(columns, 0, 63), :3] / 255)
    expected = _twin(material, n, np.ones(3), matcap=seen)
    assert np.abs(picture[..., :3] - expected)[inside & off].mean() < 1.5


def test_textures_are_decoded_multiplied_and_added(boxes: Avatar, renderer: Renderer) -> None:
    """Lit, shade and emission textures act in linear light; a missing shade texture leaves the shade colour alone."""
    light = np.full((4, 4, 4), (200, 120, 40, 255), np.uint8)
    light[0, 0] = 255  # of several colours, so that nothing is worked into factors
    glow = np.full((4, 4, 4), (10, 60, 90, 255), np.uint8)
    glow[0, 0] = 255
    n = np.array([0.0, 0.0, 1.0])
    base, shine = _decoded(light[2, 2, :3] / 255), _decoded(glow[2, 2, :3] / 255)
    shaded = Material(
        name="", lit_colour=(0.9, 1, 1, 1), shade_colour=(0.5, 0.4, 0.3, 1), lit_texture=0, shading_toony=0.0
    )
    for material in (
        shaded,
        replace(shaded, shade_texture=0),
        replace(shaded, shade_texture=0, emission_texture=1, emission_colour=(0.8, 0.8, 0.8, 1)),
    ):
        picture = _draw(renderer, boxes, [square(material)], (light, glow))
        expected = _twin(material, n, base, glow=shine if material.emission_texture else None)
        np.testing.assert_allclose(picture[SIZE // 2, SIZE // 2, :3], expected, atol=2)


def test_textures_of_one_colour_draw_as_others_do(boxes: Avatar, renderer: Renderer) -> None:
    """What is worked into factors gives the colours that sampling gives."""
    flat = np.full((4, 4, 4), (200, 120, 40, 255), np.uint8)
    mixed = flat.copy()
    mixed[0, 0] = 0
    material = Material(
        name="", lit_texture=0, shade_texture=0, emission_texture=0, emission_colour=(0.3, 0.3, 0.3, 1),
        matcap_texture=0, rim_texture=0, rim_colour=(0.5, 0.5, 0.5, 1), shading_toony=0.1,
    )  # fmt: skip
    pictures = [_draw(renderer, boxes, [square(material)], (texture,)) for texture in (flat, mixed)]
    middle = [picture[SIZE // 2, SIZE // 2].astype(int) for picture in pictures]
    np.testing.assert_allclose(middle[0], middle[1], atol=2)


def test_normal_map_leans_the_light(boxes: Avatar, renderer: Renderer) -> None:
    """A map that leans to the light is lighter than one that leans away, on back faces the other way."""
    lean = np.full((8, 8, 4), (64, 128, 220, 255), np.uint8)
    away = lean.copy()
    away[..., 0] = 192
    lean[0, 0, 3] = away[0, 0, 3] = 254
    material = Material(name="", shade_colour=(0, 0, 0, 1), shading_toony=0.0, normal_texture=0, cull=Cull.NONE)
    for back in (False, True):
        light, dark = (
            int(_draw(renderer, boxes, [square(material, back=back)], (texture,))[SIZE // 2, SIZE // 2, 0])
            for texture in (lean, away)
        )
        assert (dark - light if back else light - dark) > 20


def test_cull_modes_hide_their_side(boxes: Avatar, renderer: Renderer) -> None:
    """Of a square seen from behind, BACK shows nothing, NONE the square lit as from the front, FRONT the square."""
    shaded = Material(name="", shade_colour=(0, 0, 0, 1), shading_toony=0.0)
    seen = {
        (cull, back): _draw(renderer, boxes, [square(replace(shaded, cull=cull), back=back)])[SIZE // 2, SIZE // 2]
        for cull in Cull
        for back in (False, True)
    }
    assert seen[Cull.BACK, True][3] == 0
    assert seen[Cull.FRONT, False][3] == 0
    assert seen[Cull.FRONT, True][3] == 255
    assert seen[Cull.NONE, True].tolist() == seen[Cull.NONE, False].tolist() == seen[Cull.BACK, False].tolist()


def test_cutout_edges_are_hard_and_opaque(boxes: Avatar, renderer: Renderer) -> None:
    """Below the cutoff nothing is drawn, above it all of the surface, whatever its alpha."""
    texture = np.full((64, 64, 4), (255, 0, 0, 200), np.uint8)
    texture[:, 32:, 3] = 90
    material = _plain(1, 1, 1, lit_texture=0, shade_texture=0, alpha_mode=AlphaMode.CUTOUT, alpha_cutoff=0.5)
    picture = _draw(renderer, boxes, [square(material)], (texture,))
    row = picture[SIZE // 2]
    assert row[26:44, 3].tolist() == [255] * 18
    assert row[52:70, 3].tolist() == [0] * 18
    assert row[30, :3].tolist() == [255, 0, 0]
    everything = _draw(renderer, boxes, [square(replace(material, alpha_cutoff=0.2))], (texture,))
    assert everything[SIZE // 2, 30:66, 3].tolist() == [255] * 36


def test_blended_surfaces_mix_in_the_files_order(boxes: Avatar, renderer: Renderer) -> None:
    """Lashes over hair over a face mix one after the other on encoded values, wherever their triangles stand."""
    blend = {"alpha_mode": AlphaMode.BLEND, "depth_write": False}
    face, hair, lash = _plain(1, 0.8, 0.6), _plain(0.2, 0.4, 0.1, 0.5, **blend), _plain(0, 0, 0.9, 0.25, **blend)
    expected = np.array([255.0, 204, 153])
    for colour, alpha in (((0.2, 0.4, 0.1), 0.5), ((0, 0, 0.9), 0.25)):
        expected = expected * (1 - alpha) + np.array(colour) * 255 * alpha
    for depths in ((0.0, 0.1, 0.2), (0.0, 0.2, 0.1)):
        pieces = [square(material, z=z) for material, z in zip((face, hair, lash), depths, strict=True)]
        np.testing.assert_allclose(_draw(renderer, boxes, pieces)[SIZE // 2, SIZE // 2], [*expected, 255], atol=3)
    other = _draw(renderer, boxes, [square(face), square(lash, z=0.1), square(hair, z=0.2)])[SIZE // 2, SIZE // 2]
    assert np.abs(other[:3] - expected).max() > 20


def test_blended_surfaces_hide_what_comes_later_only_where_they_write_depth(boxes: Avatar, renderer: Renderer) -> None:
    """Of two panes, the nearer first: with depth the farther one is gone, without it is mixed in."""
    near, far = _plain(1, 0, 0, 0.5, alpha_mode=AlphaMode.BLEND), _plain(0, 1, 0, 0.5, alpha_mode=AlphaMode.BLEND)
    greens = [
        int(
            _draw(renderer, boxes, [square(replace(near, depth_write=writes), z=0.3), square(far)])[
                SIZE // 2, SIZE // 2, 1
            ]
        )
        for writes in (True, False)
    ]
    assert greens[0] == 0
    assert greens[1] > 80


def test_solid_surfaces_hide_each_other_in_any_order(boxes: Avatar, renderer: Renderer) -> None:
    """The nearer square is seen whichever comes first, and in one place the later one is."""
    red, green = _plain(1, 0, 0), _plain(0, 1, 0)
    for pieces in ([square(red, z=0.2), square(green)], [square(green), square(red, z=0.2)]):
        assert _draw(renderer, boxes, pieces)[SIZE // 2, SIZE // 2].tolist() == [255, 0, 0, 255]
    assert _draw(renderer, boxes, [square(green), square(red)])[SIZE // 2, SIZE // 2].tolist() == [255, 0, 0, 255]


@pytest.mark.parametrize("fields", [{"outline_width_m": 0.1}, {"outline_width_screen": 0.1}])
def test_outline_is_as_wide_as_the_material_says(boxes: Avatar, fields: dict[str, float]) -> None:
    """A tenth of a metre, or of half the picture's height, is as many pixels around a ball, at any size and zoom."""
    material = _plain(1, 1, 1, outline_colour=(0.0, 0.0, 1.0, 1.0), outline_lighting=0.0, **fields)
    avatar, pose = figure(boxes, [ball(material)])
    renderer = Renderer(min_outline_px=0)
    for zoom in (1.0, 0.5):
        camera = CAMERA * np.array([zoom, zoom, 1], np.float32)
        picture = renderer.render(avatar, pose, camera, SIZE)
        row = picture[SIZE // 2]
        blue = int((row[:, 3] * (row[:, 0] < 128)).sum() / 255 + 0.5)
        expected = 0.1 * SIZE / 2 * (zoom if "outline_width_m" in fields else 1.0)
        assert blue / 2 == pytest.approx(expected, abs=1.0)
    renderer.close()


def test_outline_is_at_least_a_pixel_wide_unless_told_otherwise(boxes: Avatar, renderer: Renderer) -> None:
    """Hairlines get a pixel; a renderer without that limit leaves them almost unseen."""
    material = _plain(1, 1, 1, outline_colour=(0.0, 0.0, 1.0, 1.0), outline_width_m=0.001)
    avatar, pose = figure(boxes, [ball(replace(material, outline_lighting=0.0))])
    exact = Renderer(min_outline_px=0)
    thick, thin = (int(other.render(avatar, pose, CAMERA, SIZE)[..., 3].sum()) / 255 for other in (renderer, exact))
    exact.close()
    edge = np.pi * SIZE / 2
    assert thin == pytest.approx(np.pi * (SIZE / 4) ** 2, rel=0.02)
    assert (thick - thin) / edge == pytest.approx(1.0, abs=0.25)


def test_outline_width_texture_and_lighting_mix_count(boxes: Avatar) -> None:
    """Green 0 in the texture takes the outline away on that side; the mix colours it like the surface."""
    width = np.zeros((64, 64, 4), np.uint8)
    width[:, 32:, 1] = 255
    line = {"outline_colour": (1.0, 1.0, 1.0, 1.0), "outline_width_m": 0.1, "outline_lighting": 1.0}
    material = _plain(1, 0.5, 0.2, outline_width_texture=0, wrap=(Wrap.CLAMP, Wrap.CLAMP), **line)
    avatar, pose = figure(boxes, [ball(material)], (width,))
    exact = Renderer(min_outline_px=0)
    row = exact.render(avatar, pose, CAMERA, SIZE)[SIZE // 2]
    exact.close()
    covered = np.nonzero(row[:, 3])[0]
    assert covered.min() == pytest.approx(SIZE * 0.25, abs=1.5)
    assert covered.max() == pytest.approx(SIZE * 0.80, abs=1.5)
    np.testing.assert_allclose(row[covered.max() - 1, :3], [255, 128, 51], atol=4)


def test_textures_repeat_or_end_as_the_material_says(boxes: Avatar, renderer: Renderer) -> None:
    """Beyond its border a texture begins again, or goes on with its last texels."""
    texture = np.zeros((2, 2, 4), np.uint8)
    texture[:, :, 3], texture[:, 0, 0], texture[:, 1, 1] = 255, 255, 255
    piece = square(_plain(1, 1, 1, lit_texture=0, shade_texture=0))
    wide = replace(piece, uvs=piece.uvs * np.array([3, 1], np.float32))
    clamped = replace(wide, material=replace(wide.material, wrap=(Wrap.CLAMP, Wrap.CLAMP)))
    place = SIZE // 4 + SIZE // 2 * 5 // 12  # u = 1.25: red again, or green for ever
    assert _draw(renderer, boxes, [wide], (texture,))[SIZE // 2, place, 0] > 200
    assert _draw(renderer, boxes, [clamped], (texture,))[SIZE // 2, place, 1] > 200
    assert _draw(renderer, boxes, [wide], (texture,))[SIZE // 2, place, 0] > 200


def test_expressions_change_colours_and_move_textures(boxes: Avatar, renderer: Renderer) -> None:
    """Half an expression goes half the way, in linear light and across a texture; without it all is as before."""
    texture = np.zeros((2, 2, 4), np.uint8)
    texture[:, :, 3], texture[:, 0, 0], texture[:, 1, 1] = 255, 255, 255
    painted = square(_plain(1, 1, 1, lit_texture=0, shade_texture=0))
    avatar, pose = figure(boxes, [square(_plain(1, 0, 0), z=0.2, half=0.2), painted], (texture,))
    blush = tuple(
        ColourBind(material=0, field=field, target=(0.0, 0.0, 1.0, 1.0)) for field in ("lit_colour", "shade_colour")
    )
    slide = UvBind(material=1, target=UvTransform(offset=(1.0, 0.0)))
    moody = replace(avatar, traits={"joy": Traits(colours=blush, uvs=(slide,))})
    half, middle, left = replace(pose, weights={"joy": 0.5}), SIZE // 2, SIZE * 3 // 8 - 7
    plain, changed = (renderer.render(moody, state, CAMERA, SIZE) for state in (pose, half))
    assert plain[middle, middle].tolist() == [255, 0, 0, 255]
    expected = _encoded(np.array([0.5, 0.0, 0.5]))
    np.testing.assert_allclose(changed[middle, middle, :3], expected, atol=2)
    red, green = plain[middle, left, :2].astype(int)
    assert red > green + 50
    red, green = changed[middle, left, :2].astype(int)
    assert green > red + 50
    assert np.array_equal(renderer.render(moody, pose, CAMERA, SIZE), plain)
