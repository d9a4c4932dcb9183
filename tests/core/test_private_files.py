"""What is in the site's directory is read by its own user alone."""

import os
import stat
import subprocess
import sys

from dofc_events.config import ROOT
from dofc_events.core import files


def test_nobody_else_reads_what_is_in_the_directory(tmp_path):
    instance = tmp_path / "instance"
    database = instance / "dofc.sqlite"
    (instance / "files").mkdir(parents=True)
    database.write_text("answers")
    for path, mode in ((instance, 0o755), (instance / "files", 0o755), (database, 0o644)):
        path.chmod(mode)
    assert not files.is_private(instance)
    files.keep_private(instance)
    assert files.is_private(instance)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (instance, database)] == [0o700, 0o600]


def test_the_site_and_its_commands_write_for_their_own_user_alone(tmp_path):
    """However the shell that starts them is set up."""
    code = "import os; os.umask(0o022); import wsgi; open(os.environ['MADE'], 'w').close()"
    made = tmp_path / "made"
    env = os.environ | {"SECRET_KEY": "a secret that is good enough for tests", "MADE": str(made)}
    subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, check=True)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
