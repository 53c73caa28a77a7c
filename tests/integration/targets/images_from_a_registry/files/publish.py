# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lay an image's archive out as a registry answers. Usage: publish.py ARCHIVE FOLDER REPOSITORY TAG.

The tag leads to an index of two machines, as most published images have it; the other machine's image is not there.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from pathlib import Path


def main() -> None:
    archive, folder, repository, tag = sys.argv[1:]
    root = Path(folder) / "v2" / repository
    (root / "blobs").mkdir(parents=True)
    (root / "manifests").mkdir()
    with tarfile.open(archive) as tar:
        contents = {
            member.name: stream.read() for member in tar.getmembers() if (stream := tar.extractfile(member)) is not None
        }
    manifest = json.loads(contents["index.json"])["manifests"][0]["digest"]
    for name, content in contents.items():
        if name.startswith("blobs/sha256/"):
            digest = f"sha256:{name.rpartition('/')[2]}"
            (root / ("manifests" if digest == manifest else "blobs") / digest).write_bytes(content)
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {
                "digest": f"sha256:{hashlib.sha256(b'other').hexdigest()}",
                "platform": {"os": "linux", "architecture": "riscv64"},
            },
            {"digest": manifest, "platform": {"os": "linux", "architecture": "amd64"}},
        ],
    }
    (root / "manifests" / tag).write_text(json.dumps(index), encoding="utf-8")


if __name__ == "__main__":
    main()
