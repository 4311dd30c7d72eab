"""Casts: what a file says is what is made, and what it says wrongly is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from engines.build import Build
from engines.characters.cast import idea_toml, read_cast, read_credits
from engines.characters.palettes import hex_lab
from engines.characters.sampling import Idea, strictest
from engines.errors import CharacterError
from engines.studio.identity import Swap
from engines.studio.paint import Paint
from engines.studio.swap import Slot

ROOT = Path(__file__).parents[3]


def test_idea_reads_back(tmp_path: Path) -> None:
    """An idea written down gives the same one, colours to a screen's step."""
    idea = Idea(
        name="mio", title="Mio", base="vita", seed=17, colours={Paint.HAIR: hex_lab("#102030")},
        swaps=(Swap(slot=Slot.CLOTHES, donor="vivi"),), build=Build(head=0.94, legs=1.08),
    )  # fmt: skip
    path = tmp_path / "cast.toml"
    path.write_text(idea_toml(idea))
    assert read_cast(path) == (idea,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 1", "'name' is no table"),
        ("[a", "cannot be read"),
        ("[a]\ntitle = 'A'", "cannot be understood"),
        ("[a]\ntitle='A'\nbase='b'\nseed='x'", "cannot be understood"),
        ("[a]\ntitle='A'\nbase='b'\nseed=1\npalette={tail='#000000'}", "nothing is called 'tail'"),
        ("[a]\ntitle='A'\nbase='b'\nseed=1\nbuild={legs=9.0}", "legs"),
        ("[a]\ntitle='A'\nbase='b'\nseed=1\nbuild={wings=1.0}", "wings"),
        ("[a]\ntitle='A'\nbase='b'\nseed=1\nswaps={wings='c'}", "WINGS"),
    ],
)
def test_wrong_cast_is_named(tmp_path: Path, text: str, message: str) -> None:
    """Every mistake names the file and what is wrong."""
    path = tmp_path / "cast.toml"
    path.write_text(text)
    with pytest.raises(CharacterError, match=message) as caught:
        read_cast(path)
    assert "cast.toml" in str(caught.value)


def test_chosen_cast_is_whole() -> None:
    """At least 24 were chosen; no two share a name, a title or a look; every base may be passed on."""
    path = ROOT / "scripts" / "characters" / "cast.toml"
    ideas = read_cast(path)
    assert len(ideas) >= 24
    assert len({idea.title for idea in ideas}) == len(ideas)
    assert len({(idea.base, *sorted(idea.colours.items())) for idea in ideas}) == len(ideas)
    credits_of = read_credits(ROOT / "scripts" / "training" / "credits.toml")
    for idea in ideas:
        makers = [idea.base, *(swap.donor for swap in idea.swaps)]
        assert all(credits_of[maker].licence.startswith(("CC0", "CC BY")) for maker in makers), idea.name
        assert idea.build != Build()
    assert tomllib.loads(path.read_text(encoding="utf-8")).keys() == {idea.name for idea in ideas}


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        (["CC0", "CC BY 4.0"], "CC BY 4.0"),
        (["CC BY 4.0", "CC BY-SA 4.0", "CC0"], "CC BY-SA 4.0"),
        (["CC_BY_SA"], "CC_BY_SA"),
        (["CC0", "Other"], "CC0; Other"),
        (["CC_BY_NC", "CC0"], "CC_BY_NC; CC0"),
        ([""], ""),
    ],
)
def test_terms_of_several_works(licences: list[str], expected: str) -> None:
    """The strictest covers all where it can; else all are said."""
    assert strictest(licences) == expected
