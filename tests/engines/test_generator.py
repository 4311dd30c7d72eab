"""Structure and network put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.character import Character
from engines.condition import Condition
from engines.controls import NAMES, controls, normalised, spec_hash
from engines.errors import CharacterError
from engines.generator import KEPT, PICTURE_PX, Generator
from engines.network import Network
from engines.structure import CELL_PX, CHANNELS, CharacterStructure
from engines.weights import Weights
from tests.fakes.network import ConstantNetwork

TURNED = controls({"head_yaw": 20.0, "blink_left": 0.5})


def generator(network: Network, *characters: Character, loaded: list[str] | None = None) -> Generator:
    """Return an engine; `loaded` is told whenever a character is read."""

    def source(character: Character) -> Callable[[], Character]:
        def load() -> Character:
            if loaded is not None:
                loaded.append(character.card.name)
            return character

        return load

    weights = Weights(folder=Path("none"), onnx=Path("none"), name="test (00000000)", spec_hash=spec_hash())
    sources = {character.card.name: source(character) for character in characters}
    return Generator(weights, network, sources, reason="tests", rejected={"other": "not asked for"})


def named(character: Character, name: str) -> Character:
    """Return a character under another name."""
    return replace(character, card=replace(character.card, name=name))


def test_generator_says_what_runs(balls: Character) -> None:
    """What the network says of itself, and what the weights are."""
    info = generator(ConstantNetwork(), balls).info
    assert (info.backend, info.precision, info.weights) == ("fake", "f32", "test (00000000)")
    assert (info.resolution_px, info.spec_hash) == (PICTURE_PX, spec_hash())
    assert info.rejected == {"other": "not asked for"}


def test_generator_without_a_change_draws_what_the_views_say(balls: Character) -> None:
    """The network's zero leaves the structure's picture alone; it was told maps, controls and style."""
    network = ConstantNetwork()
    got = generator(network, balls).generate(Condition(character="balls", controls=TURNED))
    alone = CharacterStructure(balls.proportions, balls.figure, balls.sheet).structure(TURNED, "portrait", PICTURE_PX)
    np.testing.assert_array_equal(got, alone.picture)
    (told,) = network.told
    assert told["maps"].shape == (1, CHANNELS, PICTURE_PX // CELL_PX, PICTURE_PX // CELL_PX)
    assert told["condition"].shape == (1, len(NAMES))
    np.testing.assert_array_equal(told["maps"][0], alone.maps)
    np.testing.assert_array_equal(told["condition"][0], normalised(TURNED))
    np.testing.assert_array_equal(told["w"][0], balls.w)


def test_generator_adds_the_change(balls: Character) -> None:
    """A tenth more red is seen wherever there is something."""
    condition = Condition(character="balls", controls=TURNED)
    plain, redder = (
        generator(ConstantNetwork(change), balls).generate(condition) for change in ((0.0, 0.0, 0.0), (0.1, 0.0, 0.0))
    )
    shown = (plain[..., 3] > 0) & (plain[..., 0] < 220)
    np.testing.assert_allclose(redder[shown][:, 0].astype(int), plain[shown][:, 0].astype(int) + 25.5, atol=1)
    np.testing.assert_array_equal(redder[..., 1:], plain[..., 1:])


def test_generator_s_pictures_are_the_caller_s_own(balls: Character) -> None:
    """The next picture does not write into the one before."""
    engine = generator(ConstantNetwork(), balls)
    first = engine.generate(Condition(character="balls", controls=controls()))
    kept = first.copy()
    engine.generate(Condition(character="balls", controls=TURNED, framing="full"))
    np.testing.assert_array_equal(first, kept)


def test_generator_turns_hair_as_it_is_told(balls: Character) -> None:
    """A condition's turns reach the figure."""
    engine = generator(ConstantNetwork(), balls)
    raised = np.array([[[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]], np.float32)
    still = engine.generate(Condition(character="balls", controls=controls()))
    swung = engine.generate(Condition(character="balls", controls=controls(), turns=raised))
    assert (still[..., 3] != swung[..., 3]).any()


def test_generator_reads_characters_once_and_forgets_those_drawn_least_lately(balls: Character) -> None:
    """No more than so many are kept; the one drawn last stays."""
    loaded: list[str] = []
    names = [f"balls {number}" for number in range(KEPT + 1)]
    engine = generator(ConstantNetwork(), *(named(balls, name) for name in names), loaded=loaded)
    assert engine.characters == tuple(names)
    assert loaded == []
    for name in (*names[:KEPT], names[0], names[KEPT], names[0]):
        engine.swing(name)
    assert loaded == names
    engine.swing(names[1])
    assert loaded == [*names, names[1]], "the second one had made room"


def test_generator_unknown_character_is_named_with_those_there_are(balls: Character) -> None:
    """The error lists the choices."""
    with pytest.raises(CharacterError, match=r"no character named 'nobody'; there are balls"):
        generator(ConstantNetwork(), balls).generate(Condition(character="nobody", controls=controls()))


def test_generator_closes_its_network(balls: Character) -> None:
    """The device is freed."""
    network = ConstantNetwork()
    generator(network, balls).close()
    assert network.closed
