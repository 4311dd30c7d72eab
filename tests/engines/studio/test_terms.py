"""What an avatar's file allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engines.errors import AvatarError
from engines.studio.avatar import load_avatar
from engines.studio.terms import in_words, refusal
from tests.fakes.vrm import build_document, pack

HUB = "https://hub.vroid.com/license?allowed_to_use_user=everyone&modification="


def _first(**meta: Any) -> dict[str, Any]:
    return {"extensions": {"VRM": {"meta": meta}}}


def _second(**meta: Any) -> dict[str, Any]:
    return {"extensions": {"VRMC_vrm": {"meta": meta}}}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (_first(licenseName="CC_BY_ND"), "`meta.licenseName` says 'CC_BY_ND'"),
        (_first(licenseName="CC_BY_NC_ND"), "`meta.licenseName` says 'CC_BY_NC_ND'"),
        (_first(licenseName="Other", otherPermissionUrl=HUB + "disallow"), "`meta.otherPermissionUrl`"),
        (_second(modification="prohibited"), "`meta.modification` says 'prohibited'"),
        (_second(name="A"), "`meta.modification` is absent"),
    ],
)
def test_refusal_names_the_field_that_forbids(document: dict[str, Any], field: str) -> None:
    """A file that forbids modification is refused by the field that does."""
    found = refusal(document)
    assert found is not None
    assert field in found


@pytest.mark.parametrize(
    "document",
    [
        {},
        _first(),
        _first(licenseName="CC0"),
        _first(licenseName="Redistribution_Prohibited", allowedUserName="OnlyAuthor"),
        _first(licenseName="Other", otherPermissionUrl=HUB + "allow"),
        _second(modification="allowModification"),
        _second(modification="allowModificationRedistribution"),
    ],
)
def test_refusal_of_what_does_not_forbid_is_none(document: dict[str, Any]) -> None:
    """Silence, in VRM 0.x, and permission are no refusal; neither is a word about redistribution."""
    assert refusal(document) is None


def test_in_words_reads_both_generations() -> None:
    """Codes become words, lists become enumerations, and what is absent is left out."""
    first = in_words(_first(title="A", allowedUserName="Everyone", commercialUssageName="Disallow"))
    assert first == {"title": "A", "may be used by": "everyone", "commercial use": "not allowed"}
    second = in_words(_second(name="B", authors=["C", "D"], allowRedistribution=True, commercialUsage="personalProfit"))
    assert second == {
        "title": "B",
        "authors": "C, D",
        "commercial use": "by persons, with profit too",
        "redistribution": "allowed",
    }


def test_load_avatar_that_forbids_modification_needs_the_rights(tmp_path: Path) -> None:
    """It is refused in one line that names the option, and loads with it."""
    document, binary = build_document()
    document["extensions"]["VRM"]["meta"]["licenseName"] = "CC_BY_ND"
    path = tmp_path / "kept.vrm"
    path.write_bytes(pack(document, binary))
    with pytest.raises(AvatarError, match=r"kept\.vrm: its terms forbid modification: .*--i-have-the-rights"):
        load_avatar(path)
    assert load_avatar(path, i_have_the_rights=True).name == "kept"
