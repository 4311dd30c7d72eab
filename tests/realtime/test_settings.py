"""Settings: where they come from, what they refuse, and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from realtime.errors import SettingsError
from realtime.settings import Settings, is_loopback, load_settings, options

TOKEN = "0123456789abcdef"


def test_command_line_beats_environment_beats_file_beats_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each source gives way to the one above it, field by field."""
    file = tmp_path / "animirror.toml"
    file.write_text("[server]\nport = 1111\nmax_sessions = 2\n[media]\ncodecs = ['VP8']\n[pipeline]\nfps = 15\n")
    monkeypatch.setenv("ANIMIRROR_SERVER__PORT", "2222")
    monkeypatch.setenv("ANIMIRROR_PIPELINE__FPS", "20")
    settings = load_settings({"pipeline.fps": "25"}, file)
    assert settings.pipeline.fps == 25
    assert settings.server.port == 2222
    assert settings.server.max_sessions == 2
    assert settings.media.codecs == ("VP8",)
    assert settings.server.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"server.prot": 1}, "server.prot: no such setting"),
        ({"sever.port": 1}, "sever: no such setting"),
        ({"server.port": 70000}, "server.port: got 70000: Input should be less than or equal to 65535"),
        ({"media.min_bitrate_kbps": 9000}, "got min, start, max = 9000, 2500, 6000"),
        ({"media.codecs": ["AV1"]}, "media.codecs.0: got 'AV1'"),
        ({"pipeline.background": "blue"}, "pipeline.background: got 'blue'"),
        ({"server.host": "0.0.0.0"}, "server.host: got 0.0.0.0 without server.token"),
    ],
)
def test_wrong_setting_is_named_with_what_was_expected(arguments: dict[str, object], words: str) -> None:
    """An error says which setting, what it got and what would do."""
    with pytest.raises(SettingsError) as caught:
        load_settings(arguments)
    assert words in str(caught.value)


def test_token_never_stands_in_an_error() -> None:
    """A token that is too short is refused without repeating it."""
    with pytest.raises(SettingsError) as caught:
        load_settings({"server.token": "secret"})
    assert "secret" not in str(caught.value)
    assert "server.token" in str(caught.value)


def test_listening_beyond_loopback_is_allowed_with_a_token() -> None:
    """The token is what makes another address acceptable."""
    assert load_settings({"server.host": "0.0.0.0", "server.token": TOKEN}).server.host == "0.0.0.0"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("[::1]", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.4", False), ("example.org", False)],
)  # fmt: skip
def test_loopback_is_recognised(host: str, loopback: bool) -> None:
    """Only addresses that stay on this machine count as loopback; a name that could be anything does not."""
    assert is_loopback(host) is loopback


def test_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    """A broken or missing file is a settings error, with its path."""
    broken = tmp_path / "broken.toml"
    broken.write_text("server = [")
    for path in (broken, tmp_path / "missing.toml"):
        with pytest.raises(SettingsError, match=path.name):
            load_settings(config=path)


def test_unknown_setting_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable is not silently ignored."""
    monkeypatch.setenv("ANIMIRROR_SERVER__PROT", "1")
    with pytest.raises(SettingsError, match=r"server\.prot: no such setting"):
        load_settings()


def test_settings_cannot_be_changed() -> None:
    """The tree is frozen."""
    with pytest.raises(ValidationError):
        Settings().server.port = 1


def test_every_field_has_help_and_every_number_a_range() -> None:
    """What the command line and the documentation show is complete."""
    for option in options():
        assert option.help.endswith("."), option.path
        if isinstance(option.default, int | float) and not option.flag:
            assert "at least" in option.limits, option.path
            assert "at most" in option.limits, option.path
