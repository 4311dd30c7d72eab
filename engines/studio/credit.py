"""Whom to credit for an avatar, and the short form of what its file allows.

Source: VRM 0.x specification, `VRM.meta`; VRM 1.0 specification, `VRMC_vrm.meta` (and its defaults).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_ALLOWED = {True: "Allow", False: "Disallow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Whom to credit for an avatar and what its file allows; texts as in the file, empty where absent.

    What VRM 1.0 says by true and false is said in VRM 0.x's words, Allow and Disallow.
    """

    title: str = ""
    author: str = ""
    contact: str = ""
    reference: str = ""
    licence: str = ""
    licence_url: str = ""
    permission_url: str = ""
    allowed_user: str = ""
    commercial_use: str = ""
    violent_use: str = ""
    sexual_use: str = ""
    modification: str = ""
    redistribution: str = ""
    notation: str = ""


def read_credit(document: dict[str, Any]) -> Credit:
    """Return the credit in a file's JSON, of either generation."""
    extensions = document.get("extensions", {})
    newer = "VRMC_vrm" in extensions
    meta = extensions["VRMC_vrm" if newer else "VRM"].get("meta") or {}

    def text(key: str, default: str = "") -> str:
        value = meta.get(key)
        if isinstance(value, list):
            return ", ".join(str(entry) for entry in value)
        return str(value or default)

    if newer:
        return Credit(
            title=text("name"),
            author=text("authors"),
            contact=text("contactInformation"),
            reference=text("references"),
            licence=text("licenseUrl"),
            licence_url=text("otherLicenseUrl"),
            allowed_user=text("avatarPermission", "onlyAuthor"),
            commercial_use=text("commercialUsage", "personalNonProfit"),
            violent_use=_ALLOWED[meta.get("allowExcessivelyViolentUsage") is True],
            sexual_use=_ALLOWED[meta.get("allowExcessivelySexualUsage") is True],
            modification=text("modification", "prohibited"),
            redistribution=_ALLOWED[meta.get("allowRedistribution") is True],
            notation=text("creditNotation", "required"),
        )
    return Credit(
        title=text("title"),
        author=text("author"),
        contact=text("contactInformation"),
        reference=text("reference"),
        licence=text("licenseName"),
        licence_url=text("otherLicenseUrl"),
        permission_url=text("otherPermissionUrl"),
        allowed_user=text("allowedUserName"),
        # The misspelling is the specification's.
        commercial_use=text("commercialUssageName"),
        violent_use=text("violentUssageName"),
        sexual_use=text("sexualUssageName"),
    )
