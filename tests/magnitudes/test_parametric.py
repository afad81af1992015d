import numpy as np
import pytest

from wadati.errors import InputError
from wadati.magnitudes.attenuation import HuttonBoore1987
from wadati.magnitudes.parametric import Parametric
from wadati.protocols import AttenuationRelation

LINES = {
    "name": '"here"',
    "a": "1.11",
    "b": "0.00189",
    "c": "3.0",
    "reference_km": "100",
    "nearest_km": "10",
    "farthest_km": "700",
}


def write(path, **changes):
    lines = {key: value for key, value in (LINES | changes).items() if value}
    path.write_text("\n".join(f"{key} = {value}" for key, value in lines.items()))
    return str(path)


def test_it_is_a_relation_and_can_be_a_published_one(tmp_path):
    relation = Parametric(write(tmp_path / "r.toml", doi='"10.1785/BSSA0770062074"'))
    assert isinstance(relation, AttenuationRelation)
    distances = np.linspace(10e3, 700e3, 50)
    published = HuttonBoore1987()
    np.testing.assert_allclose(relation.correction(distances), published.correction(distances))
    assert (relation.distance_range, relation.doi) == (published.distance_range, published.doi)
    assert relation.magnification == 2080.0


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"a": ""}, "missing required field `a`"),
        ({"a": '"one"'}, "Expected `float`"),
        ({"slope": "1"}, "unknown field `slope`"),
        ({"nearest_km": "800"}, "0 ≤ nearest_km < farthest_km"),
        ({"farthest_km": "inf"}, "0 ≤ nearest_km < farthest_km"),
        ({"c": "nan"}, "finite"),
        ({"reference_km": "0"}, "must be above 0"),
        ({"magnification": "-1"}, "must be above 0"),
    ],
)
def test_what_cannot_be_is_named(tmp_path, changes, wrong):
    with pytest.raises(InputError, match=rf"r\.toml: .*{wrong}"):
        Parametric(write(tmp_path / "r.toml", **changes))


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        Parametric(str(tmp_path / "none.toml"))
