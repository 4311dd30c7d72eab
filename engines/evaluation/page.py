"""The page of an evaluation: tables of figures and pictures, one HTML file without scripts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from engines.evaluation.figures import GROUPS
from engines.evaluation.page_pictures import PagePicture
from engines.evaluation.regions import REGIONS

Figures = Mapping[str, Any]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #14813a; --bad: #b3261e; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .6rem 0 1.6rem; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; } figcaption { font-size: .9em; opacity: .8; }
.good { color: var(--good); } .bad { color: var(--bad); } .scroll { overflow-x: auto; }
@media (prefers-color-scheme: dark) { :root { --good: #6fd08c; --bad: #ff8a80; } }
"""
_NOTHING = "-"


def write_page(result: Figures, pictures: Mapping[str, Sequence[PagePicture]]) -> str:
    """Return the page.

    Args:
        result: what stands in `evaluation.json`.
        pictures: split -> pictures beside the page.
    """
    names = [one["name"] for one in result["weights"]]
    parts = [f"<h1>{escape(' against '.join(names))}</h1>", _about(result)]
    if "comparison" in result:
        parts.append(_comparison(result["comparison"], names))
    for split in result["data"]["pictures"]:
        contenders = [one["figures"][split] for one in result["weights"]]
        parts += [f"<h2>{escape(split.replace('_', ' '))}</h2>", *_tables(contenders, names)]
        parts += [_picture(one) for one in pictures.get(split, ())]
    parts += [_extra(title, result[key]) for key, title in _EXTRA.items() if key in result]
    if result["skipped"]:
        rows = "".join(f"<li>{escape(what)}: {escape(why)}</li>" for what, why in result["skipped"].items())
        parts.append(f"<h2>Not measured</h2><ul>{rows}</ul>")
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Evaluation</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


_EXTRA = {"teacher": "Against the teacher's pictures", "coverage_of_sampled": "Coverage of sampled characters"}


def _about(result: Figures) -> str:
    data = result["data"]
    counts = ", ".join(
        f"{count} pictures of {len(data['characters'][split])} characters in {split.replace('_', ' ')}"
        for split, count in data["pictures"].items()
    )
    return (
        f"<p>{escape(data['framing'])}, data set {escape(data['name'])}: {escape(counts)}. Read by "
        f"{escape(result['regressor']['name'])}. What each figure means: docs/evaluation.md.</p>"
    )


def _comparison(comparison: Figures, names: Sequence[str]) -> str:
    better = {"first": names[0], "second": names[1], "neither": "neither"}[comparison["better"]]
    why = f" ({escape(comparison['why'])})" if comparison["why"] else ""
    rows = []
    for split, gains in comparison["gains_steps"].items():
        for name, gain in sorted(gains.items(), key=lambda pair: -pair[1]):
            kind = "good" if gain > 0 else "bad"
            rows.append([f"{name}, {split.replace('_', ' ')}", f'<span class="{kind}">{gain:+.2f}</span>'])
    table = _table("Gain of the second, in steps", ["figure", "steps"], rows)
    return f"<p><strong>Better: {escape(better)}</strong>{why}. {escape(comparison['rule'])}.</p>{table}"


def _tables(contenders: Sequence[Figures], names: Sequence[str]) -> list[str]:
    several = len(contenders) > 1
    tags = [f" {number}" for number in (1, 2)] if several else [""]
    tables = []
    if several:
        tables.append("<p>" + "; ".join(f"{number}: {escape(name)}" for number, name in enumerate(names, 1)) + "</p>")
    for px in sorted(contenders[0]["compared"], key=int, reverse=True):
        head = ["region", *(f"{title}{tag}" for title in ("PSNR", "SSIM", "edge error", "sharpness") for tag in tags)]
        rows = [
            [
                region,
                *(
                    _number(one["compared"][px][region][figure], digits)
                    for figure, digits in (("psnr", 2), ("ssim", 4), ("edge_error", 3), ("sharpness", 3))
                    for one in contenders
                ),
            ]
            for region in REGIONS
        ]
        tables.append(_table(f"Against the renders, at {px} pixels", head, rows))
    tables.append(_table("Other figures", ["figure", *(f"value{tag}" for tag in tags), "renders"], _others(contenders)))
    head = ["controls", *(f"R2{tag}" for tag in tags), "R2 on renders", *(f"agreement{tag}" for tag in tags)]
    rows = [_controls(name, [one["control_groups"][name] for one in contenders]) for name in GROUPS]
    tables.append(_table("Controls read back, groups", head, rows))
    rows = [_controls(name, [one["controls"][name] for one in contenders]) for name in contenders[0]["controls"]]
    tables.append(f"<details><summary>Each control</summary>{_table('Controls read back', head, rows)}</details>")
    head = ["lids", "eyes", *(f"R2{tag}" for tag in tags), "R2 on renders", *(f"bias{tag}" for tag in tags)]
    rows = []
    for name, first in contenders[0]["blink_by_opening"].items():
        bins = [one["blink_by_opening"][name] for one in contenders]
        row = [name, str(first["eyes"]), *(_number(one["r2"], 3) for one in bins), _number(first["renders_r2"], 3)]
        rows.append([*row, *(_number(one["bias"], 3) for one in bins)])
    tables.append(_table("Lids, by how far they should be shut", head, rows))
    head = ["character", *(f"{title}{tag}" for title in ("PSNR", "SSIM", "face PSNR", "face SSIM") for tag in tags)]
    px = max(contenders[0]["compared"], key=int)
    rows = [
        [
            name,
            *(
                _number(one["per_character"][name]["compared"][px][region][figure], digits)
                for region in ("whole", "face")
                for figure, digits in (("psnr", 2), ("ssim", 4))
                for one in contenders
            ),
        ]
        for name in contenders[0]["per_character"]
    ]
    tables.append(f"<details><summary>Each character</summary>{_table('Characters', head, rows)}</details>")
    return tables


#: Figures of the second table: title, digits, keys of the value, keys of the same for the renders.
_OTHERS: tuple[tuple[str, int, tuple[str, ...], tuple[str, ...]], ...] = (
    ("alpha error", 4, ("alpha", "alpha_error"), ()),
    ("veil", 5, ("alpha", "veil"), ()),
    ("missing alpha", 4, ("alpha", "missing"), ()),
    (
        "still pose, change in grey levels",
        3,
        ("flicker", "still", "grey_levels"),
        ("flicker", "still", "renderer_grey_levels"),
    ),
    ("still pose, flicker over the renderer's", 3, ("flicker", "still", "ratio"), ()),
    (
        "in motion, change in grey levels",
        3,
        ("flicker", "motion", "grey_levels"),
        ("flicker", "motion", "renderer_grey_levels"),
    ),
    ("in motion, flicker over the renderer's", 3, ("flicker", "motion", "ratio"), ()),
    *(
        (
            f"Frechet distance, {crop}, regressor's features",
            3,
            ("frechet_on_regressor_features", crop, "generated"),
            ("frechet_on_regressor_features", crop, "renders"),
        )
        for crop in ("whole", "face")
    ),
    *(
        (
            f"characters told apart by {kind.replace('_', ' ')}",
            3,
            ("identity_separation", kind, "generated"),
            ("identity_separation", kind, "renders"),
        )
        for kind in ("colours", "whole_features", "face_features")
    ),
    (
        "colours to the palette, CIEDE2000",
        2,
        ("palette", "to_label", "all"),
        ("palette", "renders_to_label", "all"),
    ),
    ("colours to the renders', CIEDE2000", 2, ("palette", "to_renders", "all"), ()),
)


def _others(contenders: Sequence[Figures]) -> list[list[str]]:
    rows = []
    for title, digits, path, same in _OTHERS:
        values = [_number(_at(one, path), digits) for one in contenders]
        rows.append([title, *values, _number(_at(contenders[0], same), digits) if same else ""])
    return rows


def _controls(name: str, contenders: Sequence[Figures]) -> list[str]:
    return [
        name,
        *(_number(one["r2"], 3) for one in contenders),
        _number(contenders[0]["renders"], 3),
        *(_number(one["agreement"], 3) for one in contenders),
    ]


def _extra(title: str, figures: Figures) -> str:
    rows = []
    for group, values in figures.items():
        for name, value in values.items():
            shown = " / ".join(_number(one, 3) for one in value) if isinstance(value, list) else _number(value, 3)
            rows.append([f"{group}: {name}".replace("_", " "), shown])
    return f"<h2>{escape(title)}</h2>{_table('', ['figure', 'value'], rows)}"


def _at(figures: Figures, path: Sequence[str]) -> float | None:
    found: Any = figures
    for key in path:
        found = found[key]
    return None if found is None else float(found)


def _number(value: float | None, digits: int) -> str:
    if value is None or math.isnan(value):
        return _NOTHING
    return str(value) if isinstance(value, int) else f"{value:.{digits}f}"


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; cells are HTML already."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="scroll"><table>{title}<thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _picture(picture: PagePicture) -> str:
    name, caption = escape(picture.file), escape(picture.caption)
    return (
        f'<figure><a href="{name}"><img src="{name}" loading="lazy" alt="{caption}"></a>'
        f"<figcaption>{caption}</figcaption></figure>"
    )
