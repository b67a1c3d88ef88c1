#!/usr/bin/env python3
"""Checks every #include of src/ and include/ against the include law src/LAYERS.

Usage: tools/layers.py [ROOT]     (default: the checkout that holds this script)
Prints one line for each violation, FILE:LINE: what, and exits 1 if there is any.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Law:
    """The parsed src/LAYERS."""

    def __init__(self, path):
        self.named, self.never, self.only = {}, {}, {}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            head, colon, rest = line.partition(":")
            if not colon:
                sys.exit(f"{path}:{number}: expected 'folder: folders'")
            if head.startswith("only "):
                for header in rest.split():
                    self.only[header.strip("<>")] = set(head.split()[1:])
            else:
                self._add(head.strip(), rest, f"{path}:{number}")

    def _add(self, folder, rest, where):
        may, _, never = rest.partition(" not ")
        above = set(self.named)
        named = above if may.split() == ["*"] else set(may.split())
        unknown = (named | set(never.split())) - above
        if unknown:
            sys.exit(f"{where}: {folder} names {', '.join(sorted(unknown))}, not above it")
        self.named[folder], self.never[folder] = named, set(never.split())

    def reach(self, folder):
        """All that a folder may include: transitive, less what it must never."""
        seen, todo = {folder}, [folder]
        while todo:
            for name in self.named[todo.pop()] - seen:
                seen.add(name)
                todo.append(name)
        return seen - self.never[folder]


def folder_of(header, source, root):
    """The src/ folder that a quoted or angled include names; 'vouch' for public; None outside."""
    first, slash, _ = header.partition("/")
    if slash and first == "vouch":
        return "vouch"
    if slash and (root / "src" / first).is_dir():
        return first
    if (source.parent / header).is_file():
        return source.relative_to(root / "src").parts[0] if "src" in source.parts else None
    return None


def fault(law, root, source, quote, header):
    """What is wrong with one include, or None."""
    public = (root / "include") in source.parents
    own = "vouch" if public else source.relative_to(root / "src").parts[0]
    target = folder_of(header, source, root)
    allowed = law.only.get(header)
    if allowed is not None and own not in allowed:
        return f"<{header}> belongs to {', '.join(sorted(allowed))}; ask for a function there"
    if public:
        return None if target in (None, "vouch") else "a public header includes a private one"
    if own not in law.named:
        return f"folder {own} has no line in src/LAYERS"
    if target is None:
        known = quote == "<" or allowed is not None
        return None if known else f'"{header}" is no file of src/ ("folder/file.h" is expected)'
    if target in ("vouch", own):
        return None
    if header.endswith("_priv.h"):
        return f"{header} is private to {target}"
    if target in law.reach(own):
        return None
    if target in law.never[own]:
        return f"{own} must not include {target}"
    return f"{own} may not include {target}"


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here
    law = Law(root / "src" / "LAYERS")
    faults = files = 0
    for source in sorted(p for d in ("src", "include") for p in (root / d).rglob("*.*")
                         if p.suffix in (".c", ".h", ".inc")):
        files += 1
        for number, line in enumerate(source.read_text(errors="replace").splitlines(), 1):
            match = INCLUDE.match(line)
            what = match and fault(law, root, source, *match.groups())
            if what:
                faults += 1
                print(f"{source.relative_to(root)}:{number}: {what}")
    print(f"layers: {files} files, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
