"""Asks pip-audit about known vulnerabilities in what a lock file pins: `python tests/audit.py requirements-dev.lock`.

Fails if there are any. Only where no source of its data can be reached, it says so and lets the other checks go on.
"""

import json
import subprocess
import sys

SOURCES = ("pypi", "osv")
SECONDS = 120


def main(lock: str) -> int:
    """Ask one source after the other until one answers. Returns 0 if nothing is known against the pinned packages."""
    for source in SOURCES:
        packages = answers_of(source, lock)
        if packages is not None:
            return report(packages)
    print(f"pip-audit: not checked: cannot reach {' or '.join(SOURCES)}")
    return 0


def answers_of(source: str, lock: str) -> list[dict] | None:
    """What a source says about each package, or None if it cannot be reached."""
    command = [sys.executable, "-m", "pip_audit", "-s", source, "--disable-pip", "--require-hashes", "-r", lock]
    options = ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    try:
        run = subprocess.run(command + options, capture_output=True, text=True, timeout=SECONDS, check=False)
        packages = json.loads(run.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
    # An index that serves packages but has no such data "finds" none of them.
    return packages if any("vulns" in package for package in packages) else None


def report(packages: list[dict]) -> int:
    """Print what is known. A package that the source alone cannot tell anything about counts as a finding."""
    findings = [f"{p['name']}: {p['skip_reason']}" for p in packages if "skip_reason" in p]
    for package in packages:
        for vulnerability in package.get("vulns", ()):
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            findings.append(f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}")
    print("\n".join(findings) or f"pip-audit: nothing known against {len(packages)} pinned packages")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
