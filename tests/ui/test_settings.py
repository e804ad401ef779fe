import json
from pathlib import Path

from bsgui.ui.settings import RECENT_LIMIT, Settings, SettingsStore, settings_from_json


def test_settings_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "settings.json"
    SettingsStore(path).update(theme="light", max_megapixels=50, auto_decompose=False)
    assert SettingsStore(path).value == Settings(theme="light", max_megapixels=50, auto_decompose=False)


def test_nonsense_gets_defaults() -> None:
    data = {"theme": "pink", "device": 3, "auto_decompose": 1, "max_megapixels": -4, "recent": [1], "export_depth": 12}
    assert settings_from_json(data) == Settings()
    assert settings_from_json([]) == Settings()


def test_damaged_file_gives_defaults(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"\xff{not json")
    assert SettingsStore(path).value == Settings()


def test_unknown_keys_survive(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"version": 9, "invented_later": [1, 2], "theme": "light"}))
    SettingsStore(path).update(theme="dark")
    assert json.loads(path.read_text())["invented_later"] == [1, 2]


def test_recent_files_newest_first_without_repeats(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    for number in range(RECENT_LIMIT + 3):
        store.remember_recent(tmp_path / f"{number}.png")
    store.remember_recent(tmp_path / "7.png")
    assert Path(store.value.recent[0]).name == "7.png"
    assert len(store.value.recent) == RECENT_LIMIT == len(set(store.value.recent))
    store.forget_recent(tmp_path / "7.png")
    assert Path(store.value.recent[0]).name != "7.png"


def test_a_file_that_cannot_be_written_is_not_fatal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = SettingsStore(tmp_path / "file" / "settings.json")
    store.update(theme="light")
    assert store.value.theme == "light"
