"""Names and aliases of profiles, by a look at their files: a sentence needs all names and few profiles."""

from __future__ import annotations

import re

from tco.files.catalogue import Catalogue

FOLDERS = ("hardware_profiles", "model_profiles")
_LINE = re.compile(r"^(id|name|aliases):[ \t]*(.*)$", re.MULTILINE)
_ITEM = re.compile(r"""'((?:[^']|'')*)'|"([^"\\]*)"|([^,\[\]'"]+)""")


def titles(catalogue: Catalogue, folder: str) -> dict[str, tuple[str, ...]]:
    """Every name of each profile of a folder, by its id; a file of the overlay replaces the shipped one."""
    found: dict[str, tuple[str, ...]] = {}
    for root in catalogue.folders:
        for path in sorted((root / folder).glob("*.yaml")):
            if path.stem not in found:
                found[path.stem] = _titles(path.read_text(encoding="utf-8", errors="replace"))
                if not found[path.stem]:  # written in another way: read it as YAML
                    profile = catalogue.hardware(path.stem) if folder == FOLDERS[0] else catalogue.model(path.stem)
                    found[path.stem] = (profile.id, profile.name, *profile.aliases)
    return found


def _titles(text: str) -> tuple[str, ...]:
    """Id, name and aliases where each stands on one line; nothing where one does not."""
    held = {found[1]: found[2].split(" #")[0].strip() for found in _LINE.finditer(text)}
    if "id" not in held or "name" not in held:
        return ()
    aliases = held.get("aliases", "[]")
    if not (aliases.startswith("[") and aliases.endswith("]")):
        return ()
    return (*_items(held["id"]), *_items(held["name"]), *_items(aliases[1:-1]))


def _items(text: str) -> list[str]:
    found = (single.replace("''", "'") or double or bare.strip() for single, double, bare in _ITEM.findall(text))
    return [item for item in found if item]
