"""Scenarios that the page saves: in one folder, under plain names, and never over a file without being told."""

import os

import pytest

from sim.dashboard.saving import save_scenario
from sim.errors import InputError
from sim.files import writing
from sim.inputs.scenario import CitySize, Scenario, load_scenario

CITY = Scenario(name="small", city=CitySize(adults=1200), weeks=40, seed=11)


NAMES = [
    "", ".", "..", "../out", "a/b", "a\\b", "/etc/x", "C:x", "a.yaml", ".hidden", "-x", "~", "$HOME",
    "a b", "a\n", "a\0", "\u00f1", "\uff21",
]  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, "x" * 81, None, 3, b"a"])
def test_no_name_leads_out_of_the_folder(name, tmp_path):
    folder = tmp_path / "inside"
    folder.mkdir()
    with pytest.raises(InputError, match="this is no name for a file"):
        save_scenario(CITY, name, folder)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["inside"]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("dangling", [False, True])
def test_no_link_leads_out_of_the_folder(overwrite, dangling, tmp_path):
    folder, outside = tmp_path / "inside", tmp_path / "outside.yaml"
    folder.mkdir()
    if not dangling:
        outside.write_text("mine")
    (folder / "city.yaml").symlink_to(outside)
    with pytest.raises(InputError, match="no ordinary file"):
        save_scenario(CITY, "city", folder, overwrite=overwrite)
    assert not outside.exists() if dangling else outside.read_text() == "mine"


def test_a_file_is_replaced_only_if_that_is_said(tmp_path):
    path = save_scenario(CITY, "my-city_2", tmp_path)
    assert path == tmp_path / "my-city_2.yaml" and load_scenario(path) == CITY
    with pytest.raises(InputError, match=r"there is a file 'my-city_2\.yaml' already"):
        save_scenario(CITY.with_(weeks=7), "my-city_2", tmp_path)
    assert load_scenario(path) == CITY
    save_scenario(CITY.with_(weeks=7), "my-city_2", tmp_path, overwrite=True)
    assert load_scenario(path).weeks == 7 and sorted(os.listdir(tmp_path)) == ["confianza.json", "my-city_2.yaml"]
    path.write_text("name: mine\n")
    with pytest.raises(InputError, match=r"my-city_2\.yaml' was changed after Confianza wrote it"):
        save_scenario(CITY, "my-city_2", tmp_path, overwrite=True)
    assert path.read_text() == "name: mine\n"


def test_nothing_is_saved_where_nothing_can_be(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.yaml").mkdir()
    for name, folder, said in (
        ("a", tmp_path / "missing", "no folder"),
        ("a", tmp_path / "file", "no folder"),
        ("folder", tmp_path, "no ordinary file"),
    ):
        with pytest.raises(InputError, match=said):
            save_scenario(CITY, name, folder)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_full_disk_is_said_in_plain_words(overwrite, tmp_path, monkeypatch):
    def refuse(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", refuse)
    with pytest.raises(InputError, match=r"the disk of .* is full") as caught:
        save_scenario(CITY, "city", tmp_path, overwrite=overwrite)
    assert "--folder" in caught.value.remedy and os.listdir(tmp_path) == []
