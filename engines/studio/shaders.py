"""GLSL of the studio's renderer: MToon as three-vrm draws it, specialised to what a material has.

All shading is in linear light and encoded as sRGB at the end; what is blended is blended encoded, as browsers do.
Source: MToon 1.0 (`VRMC_materials_mtoon`), and its shaders in three-vrm 3.5 (`mtoon.vert`, `mtoon.frag`) under one
white directional light without ambient light.  With that light `rimLightingMix` and `giEqualization` change nothing.

sRGB's curve is approximated, because powers take llvmpipe several times as long: decoding within 0.7, encoding within
0.1 of a step of 8 bits (fitted to IEC 61966-2-1 for the least greatest error of the encoded value).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

#: What a material can have; see :class:`engines.studio.looks.Look`.
Feature = Literal[
    "CUTOUT",  # alpha below the cutoff is not drawn
    "BLENDED",  # alpha is mixed with what is behind
    "TWO_SIDED",  # normals of back faces are turned round
    "OUTLINE",  # the hull around the surface
    "WIDTH_TEXTURE",  # the hull's width varies
    "FLAT",  # one colour, whatever the light
    "LIT_TEXTURE",
    "CURVE",  # the colour is the texture times a polynomial of the shading
    "SHADE_TEXTURE",  # the shade's texture is not the lit one
    "SHADE_IS_LIT",
    "SHIFT_TEXTURE",
    "NORMAL_TEXTURE",
    "RIM",
    "MATCAP",
    "RIM_TEXTURE",
    "GLOWS",
    "EMISSION_TEXTURE",
    "MOVED_UVS",  # an expression moves the textures
]
FEATURES: tuple[Feature, ...] = get_args(Feature)

#: Samplers and the texture units that they read.
UNITS = {
    "lit_texture": 0,
    "shade_texture": 1,
    "emission_texture": 2,
    "matcap_texture": 3,
    "normal_texture": 4,
    "rim_texture": 5,
    "shading_shift_texture": 6,
    "outline_width_texture": 7,
}


def surface_shaders(features: Collection[Feature]) -> tuple[str, str]:
    """Return the vertex and the fragment shader of a material with these features."""
    head = _head(features)
    return head + _VERTEX, head + _SURFACE


def id_shaders(features: Collection[Feature]) -> tuple[str, str]:
    """Return the shaders that write which triangle a pixel shows."""
    head = _head(features) + "#define IDS\n"
    return head + _VERTEX, head + _IDS


def _head(features: Collection[Feature]) -> str:
    return "#version 330 core\n" + "".join(f"#define {feature}\n" for feature in FEATURES if feature in features)


_VERTEX = """
uniform mat2x3 camera;  // columns: the two rows of the camera
uniform mat3x2 uv_transform;
uniform float rank_m;   // towards the viewer: of two surfaces in one place the one of higher rank is seen
uniform float width_m;
uniform float back_m;
uniform sampler2D outline_width_texture;
in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
out vec3 normal;
out vec3 view;
out vec2 uv;
const float DEPTH_RANGE_M = 4.0;  // further from the figure's middle nothing is drawn
void main() {
    vec3 world = in_position;
#ifdef MOVED_UVS
    uv = uv_transform * vec3(in_uv, 1.0);
#else
    uv = in_uv;
#endif
#ifndef IDS
    normal = in_normal;
#ifdef OUTLINE
    float width = width_m;
#ifdef WIDTH_TEXTURE
    width *= textureLod(outline_width_texture, uv, 0.0).g;
#endif
    world += normalize(in_normal) * width - vec3(0.0, 0.0, back_m);
#endif
    view = world;
#endif
    gl_Position = vec4(vec3(world.xy, 1.0) * camera * 2.0 - 1.0, -(world.z + rank_m) / DEPTH_RANGE_M, 1.0);
#ifdef OUTLINE
    gl_Position.z += 1e-6;  // behind two-sided surfaces
#endif
}
"""

_SURFACE = """
uniform sampler2D lit_texture, shade_texture, emission_texture, matcap_texture;
uniform sampler2D normal_texture, rim_texture, shading_shift_texture;
uniform float cutoff;
uniform vec4 lit_colour;       // colours are linear
uniform vec3 shade_colour;
uniform vec3 emission_colour;
uniform vec3 matcap_colour;
uniform vec3 rim_colour;
uniform vec2 rim_shape;        // lift, power
uniform vec3 outline_colour;
uniform float outline_mix;
uniform float outline_sign;
uniform vec2 terminator;       // shading = clamp(n.l * x + y)
uniform float shift_scale;
uniform float normal_scale;
uniform float handed;          // -1 where the picture is mirrored against the view, as with y pointing down
uniform mat4x3 curve;          // polynomial of the shading, encoded
uniform vec3 flat_colour;      // encoded
uniform vec3 light;
in vec3 normal;
in vec3 view;
in vec2 uv;
out vec4 colour;

vec3 decoded(vec3 c) {
    return c * (c * (c * (c * -0.3211373 + 0.9000912) + 0.3614745) + 0.0595715);
}

vec3 encoded(vec3 c) {
    c = clamp(c, 0.0, 1.0);
    vec3 root = sqrt(c);
    vec3 curved = 0.8336696 * root + 0.2981818 * sqrt(root) - 0.0552916 * c - 0.0769201;
    return mix(curved, c * 12.92, lessThanEqual(c, vec3(0.0031308)));
}

vec3 turned(vec3 n) {
#ifdef NORMAL_TEXTURE
    // Tangents from derivatives, as three.js has them (`getTangentFrame`).
    vec3 m = texture(normal_texture, uv).xyz * 2.0 - 1.0;
    vec3 q0 = dFdx(view), q1 = dFdy(view);
    vec2 s0 = dFdx(uv), s1 = dFdy(uv);
    vec3 across = cross(q1, n), along = cross(n, q0);
    vec3 t = across * s0.x + along * s1.x, b = across * s0.y + along * s1.y;
    float size = max(dot(t, t), dot(b, b));
    float scale = size == 0.0 ? 0.0 : inversesqrt(size) * normal_scale * handed;
#ifdef TWO_SIDED
    scale = gl_FrontFacing ? scale : -scale;
#endif
    return normalize(t * (m.x * scale) + b * (m.y * scale) + n * m.z);
#else
    return n;
#endif
}

void main() {
    vec4 base = vec4(1.0);
#if defined(LIT_TEXTURE) && (!defined(FLAT) || defined(CUTOUT) || defined(BLENDED))
    base = texture(lit_texture, uv);
#endif
    float alpha = 1.0;
#if defined(CUTOUT)
    if (base.a * lit_colour.a < cutoff) discard;
#elif defined(BLENDED)
    alpha = base.a * lit_colour.a;
#endif
#ifdef FLAT
    vec3 rgb = flat_colour;
#else
    vec3 n = normalize(normal);
#ifdef OUTLINE
    n *= outline_sign;
#elif defined(TWO_SIDED)
    n = gl_FrontFacing ? n : -n;
#endif
    n = turned(n);
    float lean = dot(n, light);
#ifdef SHIFT_TEXTURE
    lean += decoded(texture(shading_shift_texture, uv).rgb).r * shift_scale;
#endif
    float shading = clamp(lean * terminator.x + terminator.y, 0.0, 1.0);
#ifdef CURVE
    vec3 rgb = base.rgb * (((curve[3] * shading + curve[2]) * shading + curve[1]) * shading + curve[0]);
#else
    vec3 lit = decoded(base.rgb);
    vec3 shade = shade_colour;
#if defined(SHADE_IS_LIT)
    shade *= lit;
#elif defined(SHADE_TEXTURE)
    shade *= decoded(texture(shade_texture, uv).rgb);
#endif
    vec3 light_out = mix(shade, lit * lit_colour.rgb, shading);
    vec3 rim = vec3(0.0);
#ifdef RIM
    rim += rim_colour * pow(clamp(1.0 - n.z + rim_shape.x, 0.0, 1.0), rim_shape.y);
#endif
#ifdef MATCAP
    vec2 ball = vec2(0.5 + 0.5 * n.x, 0.5 - 0.5 * n.y);
    rim += matcap_colour * decoded(texture(matcap_texture, ball).rgb);
#endif
#ifdef RIM_TEXTURE
    rim *= decoded(texture(rim_texture, uv).rgb);
#endif
    light_out += rim;
#ifdef GLOWS
    vec3 glow = emission_colour;
#ifdef EMISSION_TEXTURE
    glow *= decoded(texture(emission_texture, uv).rgb);
#endif
    light_out += glow;
#endif
#ifdef OUTLINE
    light_out = outline_colour * mix(vec3(1.0), light_out, outline_mix);
#endif
    vec3 rgb = encoded(light_out);
#endif
#endif
    colour = vec4(min(rgb, 1.0) * alpha, alpha);
}
"""

_IDS = """
uniform sampler2D lit_texture;
uniform float lit_alpha;
uniform float cutoff;
uniform int first;
in vec2 uv;
out int triangle;
void main() {
#ifdef CUTOUT
    float alpha = lit_alpha;
#ifdef LIT_TEXTURE
    alpha *= texture(lit_texture, uv).a;
#endif
    if (alpha < cutoff) discard;
#endif
    triangle = first + gl_PrimitiveID;
}
"""

FULL_SCREEN = """
#version 330 core
void main() {
    gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}
"""

#: The mean over each pixel's samples, from premultiplied to straight alpha.
RESOLVE = """
#version 330 core
uniform sampler2D samples;
uniform int count;
out vec4 colour;
void main() {
    ivec2 corner = ivec2(gl_FragCoord.xy) * count;
    vec4 total = vec4(0.0);
    for (int row = 0; row < count; row++)
        for (int column = 0; column < count; column++)
            total += texelFetch(samples, corner + ivec2(column, row), 0);
    colour = vec4(total.rgb / max(total.a, 1e-6), total.a / float(count * count));
}
"""
