"""The software bill of materials of the image, from its lock file: `python deploy/sbom.py deploy/image.lock`.

With a folder of installed packages besides, only of those that are there.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$")
_DIGEST = re.compile(r"^\s+--hash=sha256:([0-9a-f]{64})")


def bill(lock: str) -> dict[str, Any]:
    """CycloneDX 1.5 of a lock file's text: each package with its version and the digests that it may have.

    Packages for some platforms only are optional, with their marker. The same lock gives the same bill.

    >>> bill("six==1.17.0 \\\\\\n    --hash=sha256:" + "0" * 64)["components"][0]["purl"]
    'pkg:pypi/six@1.17.0'
    """
    components: list[dict[str, Any]] = []
    for line in lock.splitlines():
        if found := _PINNED.match(line):
            components.append(_component(**found.groupdict()))
        elif digest := _DIGEST.match(line):
            components[-1]["hashes"].append({"alg": "SHA-256", "content": digest[1]})
        elif line.strip() and not line.lstrip().startswith("#"):
            raise ValueError(f"{line!r} is no line of a lock file with digests; run make lock")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, lock)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "wadati", "bom-ref": "wadati"}},
        "components": components,
    }


def installed(folder: Path) -> set[str]:
    """Which packages a folder holds, as they are called in the bill."""
    found = (path.name.removesuffix(".dist-info").split("-") for path in folder.glob("*.dist-info"))
    return {_purl(name, version) for name, version in found}


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}"


def _component(name: str, version: str, marker: str | None) -> dict[str, Any]:
    purl = _purl(name, version)
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "scope": "optional" if marker else "required",
        "hashes": [],
    }
    if marker:
        component["properties"] = [{"name": "wadati:marker", "value": marker.strip()}]
    return component


if __name__ == "__main__":
    made = bill(Path(sys.argv[1]).read_text())
    for folder in sys.argv[2:]:
        made["components"] = [one for one in made["components"] if one["purl"] in installed(Path(folder))]
    print(json.dumps(made, indent=1))
