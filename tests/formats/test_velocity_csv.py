from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wadati.errors import InputError
from wadati.formats.velocity_csv import read_velocity_model, write_velocity_model
from wadati.model import Layer, VelocityModel

layers = st.lists(
    st.tuples(st.floats(-5e3, 7e5), st.floats(1e3, 1.4e4), st.floats(0.1, 0.9)),
    min_size=1,
    max_size=6,
    unique_by=lambda layer: layer[0],
).map(lambda rows: tuple(Layer(top, vp, vp * ratio) for top, vp, ratio in sorted(rows)))
models = st.builds(
    VelocityModel, st.sampled_from(["two", "Hadley & Kanamori"]), layers, st.sampled_from(["", "doi:10.1/x: a, b"])
)


@given(model=models)
def test_reading_gives_back_what_was_written(tmp_path_factory: pytest.TempPathFactory, model: VelocityModel) -> None:
    path = tmp_path_factory.mktemp("model") / "a.csv"
    write_velocity_model(model, path)
    assert read_velocity_model(path) == model


@pytest.mark.parametrize(
    "text",
    [
        "depth_km,vp_km_s,vs_km_s\n0,5.5,3.18\n16,6.7,3.87\n",
        "\ufeffDepth, Vp, Vs\n\n0, 5.5, 3.18\n# a remark\n16, 6.7, 3.87\n",
        "vs_km_s,density,depth_km,vp_km_s\n3.18,2.7,0,5.5\n3.87,2.8,16,6.7\n",
        "thickness_km,vp_km_s,vs_km_s,qp\n16,5.5,3.18,600\n0,6.7,3.87,600\n",
    ],
)
def test_headers_that_mean_the_same(tmp_path: Path, text: str) -> None:
    path = tmp_path / "two.csv"
    path.write_text(text, encoding="utf-8")
    assert read_velocity_model(path) == VelocityModel(
        "two", (Layer(0.0, 5500.0, 3180.0), Layer(16000.0, 6700.0, 3870.0))
    )


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "not that of a velocity model"),
        ("0 5.3 2.75\n1 5.65 2.8\n", "not that of a velocity model"),
        ("depth_km,vp_km_s\n0,5\n", "not that of a velocity model"),
        ("depth_km,thickness_km,vp,vs\n0,1,5,3\n", "not that of a velocity model"),
        ("depth_km,vp_km_s,vs_km_s\n0,5,x\n", "line 2: '0,5,x' lacks a number"),
        ("depth_km,vp_km_s,vs_km_s\n0,5\n", "line 2: '0,5' lacks a number"),
        ("depth_km,vp_km_s,vs_km_s\n0,inf,3\n", "not finite"),
        ("depth_km,vp_km_s,vs_km_s\n0,3,5\n", "need Vp > Vs > 0"),
        ("depth_km,vp_km_s,vs_km_s\n5,5,3\n0,6,3.5\n", "must increase downwards"),
        ("depth_km,vp_km_s,vs_km_s\n", "no layers"),
        ("thickness_km,vp_km_s,vs_km_s\n1,5,3\n", "last layer is 1 km thick"),
    ],
)
def test_bad_tables_say_what_is_wrong(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError) as told:
        read_velocity_model(path)
    assert wrong in str(told.value)
    assert "bad.csv" in str(told.value)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not text"):
        read_velocity_model(tmp_path / "a")
    with pytest.raises(InputError, match="cannot be read"):
        read_velocity_model(tmp_path / "absent")


def test_gil7(shared: Path) -> None:
    model = read_velocity_model(shared / "data" / "moment-tensor-2019" / "gil7.csv")
    assert (model.name, [layer.top for layer in model.layers]) == ("gil7", [0, 1e3, 3e3, 4e3, 5e3, 17e3, 25e3])
