"""The directory shows verified rows only, the nearest first."""

import csv
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from trialguide.places.cities import City, all_cities
from trialguide.places.directory import EARTH_RADIUS_KM, Directory, great_circle_km, search_link
from trialguide.places.directory_files import verified_rows
from trialguide.places.place import Place

FOLDER = ROOT / "data" / "directory"
LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory()


@pytest.mark.parametrize("file", ["clinics.csv", "support_groups.csv", "registries.csv"])
def test_unshown_rows_and_rows_without_a_date_are_left_out(file: str, tmp_path: Path) -> None:
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    shown = verified_rows(FOLDER / file)
    assert 0 < len(shown) < len(rows)
    assert all(row["verified"] == "true" and row["checked_on"] for row in shown)
    with (tmp_path / file).open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows([{**rows[0], "verified": "true", "checked_on": ""}, {**rows[0], "verified": "false"}])
    assert verified_rows(tmp_path / file) == []


def test_clinics_come_nearest_first_across_borders(directory: Directory) -> None:
    salzburg = all_cities().city(Place("AT", "Salzburg"))
    assert salzburg is not None
    found = directory.nearest_clinics(salzburg, lambda country: country not in ("FR", "GB"))
    distances = [item.distance_km or 0 for item in found]
    assert distances == sorted(distances)
    assert {item.clinic.country for item in found[:5]} >= {"AT", "DE"}
    assert not {item.clinic.country for item in found} & {"FR", "GB"}


def test_clinics_of_a_country_alone_come_by_city_without_distance(directory: Directory) -> None:
    found = directory.clinics("NL")
    cities = [item.clinic.row["city"] for item in found]
    assert len(found) >= 4
    assert cities == sorted(cities)
    assert all(item.distance_km is None and item.clinic.country == "NL" for item in found)


def test_an_unconfirmed_clinic_shows_only_where_no_confirmed_one_is_near(directory: Directory) -> None:
    vilnius = all_cities().city(Place("LT", "Vilnius"))
    berlin = all_cities().city(Place("DE", "Berlin"))
    assert vilnius is not None
    assert berlin is not None
    assert any(not item.clinic.confirmed for item in directory.nearest_clinics(vilnius, lambda country: country == "LT"))
    assert all(item.clinic.confirmed for item in directory.nearest_clinics(berlin, lambda country: True))
    assert not any(item.clinic.confirmed for item in directory.clinics("LT"))


CONFIRMED, SUGGESTED = ("NO", 60.0, 10.0, True), ("NO", 60.0, 12.0, False)


@pytest.mark.parametrize(
    ("town", "shown"),
    [
        # About 111 km to the clinic that is confirmed.
        ((60.0, 12.0), [True]),
        # More than 300 km from it: the other one may be shown, and it is nearer.
        ((60.0, 16.0), [False, True]),
    ],
)
def test_a_clinic_that_is_only_suggested_needs_300_km_without_a_confirmed_one(
    town: tuple[float, float], shown: list[bool], tmp_path: Path
) -> None:
    with (FOLDER / "clinics.csv").open(encoding="utf-8", newline="") as lines:
        row = next(csv.DictReader(lines))
    shutil.copytree(FOLDER, tmp_path / "directory")
    with (tmp_path / "directory" / "clinics.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(row))
        writer.writeheader()
        for country, latitude, longitude, confirmed in (CONFIRMED, SUGGESTED):
            where = {"name": str(confirmed), "country": country, "latitude": latitude, "longitude": longitude}
            writer.writerow(row | where | {"verified": "true", "specialist_confirmed": str(confirmed).lower()})
    city = City("Town", "SE", "", *town, 1, 1)
    found = Directory(tmp_path / "directory").nearest_clinics(city, lambda country: True)
    assert [item.clinic.confirmed for item in found] == shown


def test_groups_of_other_countries_in_a_language(directory: Directory) -> None:
    rows = directory.groups_in_languages(["de"], lambda country: country == "DE")
    assert rows
    assert {row["country"] for row in rows} == {"DE"}


def test_support_groups_for_nets_come_first(directory: Directory) -> None:
    assert [row["name"] for row in directory.support_groups("NO")] == ["CarciNor", "Kreftforeningen (Norwegian Cancer Society)"]
    assert directory.support_groups("AT") == []


@pytest.mark.parametrize(
    ("country", "named"),
    [
        (
            "DE",
            ["German Clinical Trials Register (DRKS)", "EU Clinical Trials Information System (CTIS)", "ClinicalTrials.gov"],
        ),
        ("AU", ["Australian New Zealand Clinical Trials Registry (ANZCTR)", "ClinicalTrials.gov"]),
        ("MX", ["ClinicalTrials.gov"]),
        ("NZ", ["Australian New Zealand Clinical Trials Registry (ANZCTR)", "ClinicalTrials.gov"]),
        ("ZA", ["Pan African Clinical Trials Registry (PACTR)", "ClinicalTrials.gov"]),
    ],
)
def test_registries_fit_the_country(directory: Directory, country: str, named: list[str]) -> None:
    names = [row["name"] for row, _ in directory.registries(country)]
    assert set(named) <= set(names)
    assert ("EU Clinical Trials Information System (CTIS)" in names) == (country == "DE")


def test_search_links_are_filled_in_and_encoded(directory: Directory) -> None:
    for country in ("DE", "JP", "AU", "IR"):
        for row, link in directory.registries(country):
            assert link.startswith("https://")
            assert not set(link) & set(' "{}')
            assert row["search_url_pattern"] == "" or link != row["home_url"]
    assert search_link({"search_url_pattern": "", "home_url": "https://a.b"}, "Norway") == "https://a.b"


@pytest.mark.parametrize(
    ("country", "name"), [("HK", "Hong%20Kong"), ("CI", "C%C3%B4te%20d%27Ivoire"), ("BA", "Bosnia%20and%20Herzegovina")]
)
def test_a_country_is_named_to_a_registry_as_registries_write_it(directory: Directory, country: str, name: str) -> None:
    assert any(link.endswith(f"country={name}") for _, link in directory.registries(country))


def test_a_broken_file_is_an_error_not_an_empty_directory(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "directory")
    clinics = tmp_path / "directory" / "clinics.csv"
    clinics.write_text(clinics.read_text(encoding="utf-8").replace("52.54223", "north", 1), encoding="utf-8")
    with pytest.raises(ValueError, match="north"):
        Directory(tmp_path / "directory")


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_a_distance_is_the_same_both_ways_and_never_more_than_half_the_earth(a: float, b: float, c: float, d: float) -> None:
    there, back = great_circle_km(a, b, c, d), great_circle_km(c, d, a, b)
    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= 3.1416 * EARTH_RADIUS_KM


@given(LATITUDES, LONGITUDES)
def test_a_place_is_at_no_distance_from_itself(latitude: float, longitude: float) -> None:
    assert great_circle_km(latitude, longitude, latitude, longitude) == pytest.approx(0, abs=1e-6)


def test_a_known_distance() -> None:
    assert great_circle_km(52.52, 13.405, 48.857, 2.352) == pytest.approx(878, abs=3)  # Berlin to Paris
