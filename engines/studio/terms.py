"""What an avatar's file says may be done with it, in words, and whether it forbids modification.

Drawing an avatar as data for a generator, recolouring it, or warping its pictures is a modification, so a file that
forbids that is refused unless the user says that they have the rights.

Source: VRM 0.x specification, `VRM.meta`; VRM 1.0 specification, `VRMC_vrm.meta` and the VRM Public License 1.0.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

#: VRM 0.x licences without derivatives.
_NO_DERIVATIVES = frozenset({"CC_BY_ND", "CC_BY_NC_ND"})
_LICENCES = {
    "Redistribution_Prohibited": "redistribution prohibited",
    "CC0": "CC0, public domain",
    "CC_BY": "CC BY",
    "CC_BY_NC": "CC BY-NC",
    "CC_BY_SA": "CC BY-SA",
    "CC_BY_NC_SA": "CC BY-NC-SA",
    "CC_BY_ND": "CC BY-ND",
    "CC_BY_NC_ND": "CC BY-NC-ND",
    "Other": "another one",
}
_USERS = {
    "OnlyAuthor": "its author only",
    "onlyAuthor": "its author only",
    "ExplicitlyLicensedPerson": "people with the author's explicit permission",
    "onlySeparatelyLicensedPerson": "people with the author's explicit permission",
    "Everyone": "everyone",
    "everyone": "everyone",
}
_COMMERCIAL = {
    "personalNonProfit": "by persons, without profit",
    "personalProfit": "by persons, with profit too",
    "corporation": "by persons and corporations",
}
_MODIFICATION = {
    "prohibited": "prohibited",
    "allowModification": "allowed",
    "allowModificationRedistribution": "allowed, and so is passing on what was modified",
}


def _meta(document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return the generation, 0 or 1, and the file's meta block, empty where it has none."""
    extensions = document.get("extensions") or {}
    generation = 1 if "VRMC_vrm" in extensions else 0
    block = extensions.get("VRMC_vrm" if generation else "VRM") or {}
    meta = block.get("meta") if isinstance(block, dict) else None
    return generation, meta if isinstance(meta, dict) else {}


def refusal(document: dict[str, Any]) -> str | None:
    """Return the field that forbids modification and what it says, or None where nothing does.

    Args:
        document: the file's JSON.
    """
    generation, meta = _meta(document)
    if generation == 1:
        said = meta.get("modification")
        if said is None:
            return "`meta.modification` is absent, which VRM 1.0 reads as prohibited"
        return f"`meta.modification` says {said!r}" if said == "prohibited" else None
    licence = meta.get("licenseName")
    if licence in _NO_DERIVATIVES:
        return f"`meta.licenseName` says {licence!r}, no derivatives"
    for field in ("otherPermissionUrl", "otherLicenseUrl"):  # VRoid Hub writes the terms into the address
        if "disallow" in parse_qs(urlsplit(str(meta.get(field) or "")).query).get("modification", []):
            return f"`meta.{field}` says 'modification=disallow'"
    return None


def in_words(document: dict[str, Any]) -> dict[str, str]:
    """Return the licence fields of a file in words, in the order in which one reads them.

    What the file leaves out is left out here too.
    """
    generation, meta = _meta(document)

    def text(key: str, words: dict[str, str] | None = None) -> str:
        value = meta.get(key)
        if isinstance(value, list):
            return ", ".join(str(item) for item in value)
        if isinstance(value, bool):
            return "allowed" if value else "not allowed"
        return (words or {}).get(str(value), str(value)) if value not in (None, "") else ""

    allowed = {"Allow": "allowed", "Disallow": "not allowed"}
    if generation == 1:
        words = {
            "title": text("name"),
            "version": text("version"),
            "authors": text("authors"),
            "copyright": text("copyrightInformation"),
            "contact": text("contactInformation"),
            "references": text("references"),
            "licence": text("licenseUrl"),
            "other licence": text("otherLicenseUrl"),
            "may be used by": text("avatarPermission", _USERS),
            "commercial use": text("commercialUsage", _COMMERCIAL),
            "violent use": text("allowExcessivelyViolentUsage"),
            "sexual use": text("allowExcessivelySexualUsage"),
            "political or religious use": text("allowPoliticalOrReligiousUsage"),
            "antisocial or hate use": text("allowAntisocialOrHateUsage"),
            "credit": text("creditNotation", {"required": "required", "unnecessary": "not needed"}),
            "redistribution": text("allowRedistribution"),
            "modification": text("modification", _MODIFICATION),
        }
    else:
        words = {
            "title": text("title"),
            "version": text("version"),
            "author": text("author"),
            "contact": text("contactInformation"),
            "reference": text("reference"),
            "licence": text("licenseName", _LICENCES),
            "licence page": text("otherLicenseUrl"),
            "permissions page": text("otherPermissionUrl"),
            "may be used by": text("allowedUserName", _USERS),
            # The misspelling is the specification's.
            "commercial use": text("commercialUssageName", allowed),
            "violent use": text("violentUssageName", allowed),
            "sexual use": text("sexualUssageName", allowed),
        }
    return {name: value for name, value in words.items() if value}
