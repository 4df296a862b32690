"""What is kept of a sweep while it runs, and what is stored of it at the end."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from sweep_tools import sweep_case

import electrodiff as ed
from electrodiff.chunks import ChunkStore
from electrodiff.errors import CaseError
from electrodiff.solvers.sweep import design_of, fingerprint
from electrodiff.sweep_result import PointResults, message_of
from electrodiff.sweep_summary import expectations, ranges, summary, write_csv


def results(points: int, first: float = 0.0) -> PointResults:
    """Made-up results, the second of which failed."""
    found = PointResults.empty(("flux.K", "current_density"), points)
    found.values[:] = first + np.arange(2 * points).reshape(points, 2)
    found.errors[:] = found.values / 1000
    found.converged[:] = True
    found.nodes[:], found.iterations[:] = 61, 7
    if points > 1:
        found.converged[1] = False
        found.values[1] = found.errors[1] = np.nan
        found.reasons[1] = "it did not µ converge"
    return found


def same(one: PointResults, other: PointResults) -> bool:
    names = ("values", "errors", "converged", "iterations", "nodes", "route")
    arrays = all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name in names[:2]) for name in names
    )
    return arrays and one.names == other.names and one.reasons == other.reasons


def read(store: ChunkStore, sizes: dict[int, int], count: int) -> tuple[dict[int, PointResults], list[str]]:
    warned: list[str] = []
    found = dict(store.finished(sizes.__getitem__, count, warned.append))
    return found, warned


def test_a_chunk_that_was_kept_is_read_again_bit_for_bit(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, "me")
    assert not store.exists()
    store.keep(3, results(5, 0.1))
    store.keep(0, results(1, 0.2))
    found, warned = read(store, {0: 1, 3: 5}, 4)
    assert warned == []
    assert sorted(found) == [0, 3]
    assert same(found[3], results(5, 0.1))
    assert same(found[0], results(1, 0.2))


def test_a_chunk_that_was_half_written_is_not_there(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, "me")
    store.keep(0, results(2))
    whole = (store.folder / "00000000.npz").read_bytes()
    (store.folder / ".00000001.npz.77.partial").write_bytes(whole[:50])
    assert sorted(read(store, {0: 2, 1: 2}, 2)[0]) == [0]


@pytest.mark.parametrize("size", [0, 10, 400, -1])
def test_a_damaged_chunk_is_told_and_left_out(tmp_path: Path, size: int) -> None:
    store = ChunkStore(tmp_path, "me")
    store.keep(0, results(2))
    store.keep(1, results(2))
    path = store.folder / "00000001.npz"
    path.write_bytes(path.read_bytes()[:size])
    found, warned = read(store, {0: 2, 1: 2}, 2)
    assert sorted(found) == [0]
    assert warned == ["00000001.npz cannot be read; its points are solved again"]


def test_a_chunk_of_another_sweep_or_size_is_told_and_left_out(tmp_path: Path) -> None:
    ChunkStore(tmp_path, "other").keep(0, results(2))
    store = ChunkStore(tmp_path, "me")
    store.keep(1, results(3))
    store.keep(7, results(2))
    found, warned = read(store, {0: 2, 1: 2}, 2)
    assert found == {}
    assert [text.split(";")[0] for text in warned] == [
        "00000000.npz is of another case, another sweep or another version of the program",
        "00000001.npz has 3 points, not 2",
        "00000007.npz is no chunk of this sweep",
    ]


def test_chunks_are_gone_when_they_are_dropped(tmp_path: Path) -> None:
    store = ChunkStore(tmp_path, "me")
    store.keep(0, results(2))
    store.drop()
    assert not store.exists()
    assert list(tmp_path.iterdir()) == []


AXIS = {"key": "left.potential", "values": [-0.1, 0.0, 0.1]}


def test_a_fingerprint_is_of_what_is_solved_and_not_of_what_is_said_about_it() -> None:
    own = fingerprint(sweep_case(AXIS))
    assert fingerprint(sweep_case(AXIS, changes={"title": "another"})) == own
    others = (
        sweep_case({**AXIS, "values": [-0.1, 0.0, 0.2]}),
        sweep_case(AXIS, changes={"temperature": 300.0}),
        sweep_case(AXIS, quantities=["flux.K"]),
    )
    assert len({own, *map(fingerprint, others)}) == 4


# ---- the result --------------------------------------------------------------------------------------------------


@pytest.fixture
def sweep() -> ed.Sweep:
    """Made-up numbers of 3 x 2 points, the second of which failed."""
    case = sweep_case(
        {
            "keys": ["layers.membrane.partition.K", "layers.membrane.partition.A"],
            "name": "beta",
            "values": [1e-4, 1e-3, 1e-2],
        },
        {"key": "right.neutralise", "values": ["K", "A"]},
        quantities=["flux.K", "current_density"],
    )
    found = results(6)
    return ed.Sweep(case, found, message_of(design_of(case), found), 6)


def test_the_dataset_has_the_axes_as_coordinates_with_units(sweep: ed.Sweep) -> None:
    data = sweep.dataset
    assert dict(data.sizes) == {"beta": 3, "right.neutralise": 2}
    assert data["layers.membrane.partition.A"].dims == ("beta",)
    point = data.sel({"beta": 1e-3, "right.neutralise": "A"})
    assert float(point["flux.K"]) == 6.0
    assert float(point["flux.K_error"]) == 6e-3
    assert data["flux.K"].attrs["units"] == "mol m-2 s-1"
    assert data["flux.K"].attrs["long_name"].startswith("flux, positive from left to right")
    failed = data.isel({"beta": 0, "right.neutralise": 1})
    assert np.isnan(float(failed["flux.K"]))
    assert (int(failed["converged"]), str(failed["reason"].values)) == (0, "it did not µ converge")


def test_a_stored_sweep_is_read_again_bit_for_bit(sweep: ed.Sweep, tmp_path: Path) -> None:
    again = ed.load_solution(ed.save_solution(sweep, tmp_path / "solution.nc"))
    assert isinstance(again, ed.Sweep)
    assert again.dataset.identical(sweep.dataset)
    assert same(again.results, sweep.results)
    assert (again.case, again.message) == (sweep.case, sweep.message)


def test_a_zip_has_one_dimension_with_the_keys_beside_it() -> None:
    case = sweep_case(
        AXIS,
        {"key": "temperature", "values": [290.0, 300.0, 310.0]},
        design="zip",
        quantities=["flux.K", "current_density"],
    )
    data = ed.Sweep(case, results(3), "", 3).dataset
    assert dict(data.sizes) == {"point": 3}
    assert data["temperature"].dims == ("point",)
    assert data["temperature"].attrs["units"] == "K"


def test_names_with_a_slash_are_stored(tmp_path: Path) -> None:
    case = sweep_case(AXIS, quantities=["layer_drop"])
    layers = [
        {**layer.model_dump(exclude_unset=True), "name": layer.name.replace("in", "in/")} for layer in case.layers
    ]
    case = case.replace("layers", layers)
    names = tuple(f"layer_drop.{layer.name}" for layer in case.layers)
    found = PointResults.empty(names, 3)
    found.converged[:] = True
    found.values[:] = 1.5
    again = ed.load_solution(ed.save_solution(ed.Sweep(case, found, "", 3), tmp_path / "x.nc"))
    assert again.quantities == names  # type: ignore[union-attr]
    assert "layer_drop.in|side" in again.dataset


def test_the_summary_has_ranges_failures_and_rate(sweep: ed.Sweep) -> None:
    data = summary(sweep, 0.5)
    assert (data["points"], data["failed"], data["points_per_s"]) == (6, 1, 12.0)
    assert data["shape"] == {"beta": 3, "right.neutralise": 2}
    at = {"layers.membrane.partition.K": 1e-4, "layers.membrane.partition.A": 1e-4, "right.neutralise": "A"}
    assert data["failures"] == [{"point": 1, "at": at, "reason": "it did not µ converge"}]
    flux = data["quantities"]["flux.K"]
    assert (flux["min"], flux["max"], flux["largest_error"], flux["unit"]) == (0.0, 10.0, 0.01, "mol/m^2/s")
    assert flux["max_at"]["layers.membrane.partition.K"] == 1e-2
    assert [each.undefined for each in ranges(sweep)] == [0, 0]


def test_the_message_names_where_and_why() -> None:
    case = sweep_case({**AXIS, "values": np.linspace(-0.1, 0.1, 20)}, quantities=["flux.K"])
    found = PointResults.empty(("flux.K",), 20)
    found.converged[:10] = True
    found.reasons.update({point: f"reason {point}" for point in range(10, 20)})
    lines = message_of(design_of(case), found).splitlines()
    assert lines[0] == "10 of 20 points failed"
    assert lines[1] == "  at left.potential = 5.26316 mV: reason 10"
    assert lines[-1] == "  and 5 more, all in the result"


def test_the_table_has_a_row_for_every_point(sweep: ed.Sweep, tmp_path: Path) -> None:
    with write_csv(sweep, tmp_path / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert float(rows[5]["layers.membrane.partition.K"]) == 1e-2
    assert rows[5]["right.neutralise"] == "A"
    assert float(rows[5]["flux_K_mol_m2_s"]) == 10.0
    assert float(rows[5]["current_density_error_A_m2"]) == 11e-3
    assert (rows[1]["converged"], rows[1]["reason"], rows[1]["flux_K_mol_m2_s"]) == (
        "0",
        "it did not µ converge",
        "nan",
    )


def test_expectations_are_of_their_points(sweep: ed.Sweep) -> None:
    entry = {"quantity": "current_density", "value": "7 A/m^2", "tolerance": "0.1 A/m^2", "source": "a test"}
    key = "layers.membrane.partition.K"
    expect = [{**entry, "at": {key: beta, "right.neutralise": "A"}} for beta in (1e-4, 1e-3, 1e-2)]
    case = sweep.case.changed({"expect": expect})
    met = expectations(ed.Sweep(case, sweep.results, "", 6))
    assert [(each.computed, each.passed) for each in met] == [(None, False), (7.0, True), (11.0, False)]


def test_a_quantity_that_was_not_kept_is_told(sweep: ed.Sweep) -> None:
    with pytest.raises(CaseError, match=r"has not kept 'flux.A' \(did you mean 'flux.K'\?\); it has flux.K, current"):
        sweep.scalar("flux.A")
