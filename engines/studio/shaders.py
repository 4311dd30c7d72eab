"""GLSL of the studio's renderer.

Source of the shading: MToon 0.x (`MToonCore.cginc`): the terminator, the shade colour and the outline's lighting.
"""

from __future__ import annotations

#: Positions and normals come posed.
VERTEX = """
#version 330 core
uniform mat2x3 camera;      // columns: the two rows of the camera
uniform float outline;      // in parts of the clip space's half size; 0 draws the surface itself
uniform float outline_back; // metres away from the viewer
in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
out vec3 normal;
out vec2 uv;
const float DEPTH_RANGE_M = 6.0;
void main() {
    vec3 world = in_position;
    normal = normalize(in_normal);
    uv = in_uv;
    vec2 clip = vec3(world.xy, 1.0) * camera * 2.0 - 1.0;
    if (outline > 0.0) {
        // The camera turns directions too; only their direction counts here, not its scale.
        vec2 side = vec3(normal.xy, 0.0) * camera;
        float len = length(side);
        // Full width unless the normal points almost at the viewer: a narrower hull would alias into dashes.
        clip += len > 0.0 ? side / len * min(1.0, 3.0 * length(normal.xy)) * outline : vec2(0.0);
        world.z -= outline_back;
    }
    gl_Position = vec4(clip, -world.z / DEPTH_RANGE_M, 1.0);
}
"""

SURFACE = """
#version 330 core
uniform sampler2D lit_texture;
uniform sampler2D shade_texture;
uniform sampler2D emission_texture;
uniform vec4 lit_colour;
uniform vec3 shade_colour;
uniform vec3 emission_colour;
uniform vec4 outline_colour;  // alpha: how much of the surface's colour it takes; < 0 draws the surface
uniform bool shade_is_lit;    // both textures are one: sampled once
uniform bool glows;
uniform vec2 terminator;      // (shift, 1 / width)
uniform vec3 light;
uniform float cutoff;         // < 0: opaque; >= 2: blended
in vec3 normal;
in vec2 uv;
out vec4 colour;
void main() {
    vec4 base = texture(lit_texture, uv);
    vec4 lit = base * lit_colour;
    if (cutoff < 0.0) lit.a = 1.0;
    else if (cutoff < 2.0) {
        if (lit.a < cutoff) discard;
        lit.a = 1.0;
    } else if (lit.a < 0.004) discard;
    vec3 shade = (shade_is_lit ? base.rgb : texture(shade_texture, uv).rgb) * shade_colour;
    vec3 n = normalize(normal);
    n = gl_FrontFacing ? n : -n;
    float intensity = clamp((dot(n, light) - terminator.x) * terminator.y, 0.0, 1.0);
    vec3 rgb = mix(shade, lit.rgb, intensity);
    if (glows) rgb += texture(emission_texture, uv).rgb * emission_colour;
    if (outline_colour.a >= 0.0) rgb = outline_colour.rgb * mix(vec3(1.0), rgb, outline_colour.a);
    colour = vec4(clamp(rgb, 0.0, 1.0) * lit.a, lit.a);
}
"""

IDS = """
#version 330 core
uniform sampler2D lit_texture;
uniform float lit_alpha;
uniform float cutoff;
uniform int first;
in vec3 normal;
in vec2 uv;
out int triangle;
void main() {
    if (cutoff >= 0.0 && texture(lit_texture, uv).a * lit_alpha < cutoff) discard;
    triangle = first + gl_PrimitiveID;
}
"""
