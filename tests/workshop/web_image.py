"""The image of the program that tests run in pods; made once per content and kept beside the other images of the cache.

Runs with the laid-out copy in its path, because it makes the image as the collection makes others.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure import gobuild, oci, receipts
from ansible_collections.navarch.fleet.plugins.module_utils._infrastructure.releases import (
    Layout,
    Product,
    this_machine,
)

REFERENCE = "localhost/navarch-web:1"
VERSION = "v1.0.0"
SOURCE = Path(__file__).parent / "data" / "web"
PRODUCT = Product("web", "", "", {"web": "navarch.dev/fleet/tests/web"}, Layout("", ""))


def main(cache: Path) -> None:
    """Have the archive; print where it is."""
    folder = cache / "images" / f"localhost_navarch-web-1-{this_machine()}"
    archive = folder / "image.tar"
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in sorted(SOURCE.iterdir()))).hexdigest()
    receipt = receipts.receipt_of(archive)
    if receipt is None or receipt.source != digest or not receipts.is_whole(archive):
        with receipts.workplace(folder) as place:
            gobuild.check(PRODUCT, VERSION, SOURCE, cache / "go")
            gobuild.build(PRODUCT, VERSION, ["web"], this_machine(), SOURCE, place, cache / "go", print)
            content = oci.Content(("/web",), {"/web": place / "web"}, ("/tmp",))
            oci.build(place / "image.tar", REFERENCE, content, this_machine(), place)
            receipts.install(place / "image.tar", archive, digest, 0o644)
    print(archive)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
