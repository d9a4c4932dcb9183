"""What the pages of the memory share: their address, and who may open them."""

from dofc_events.accounts.guards import edition_staff
from dofc_events.accounts.rules import RoleName
from dofc_events.organise.shared import EDITION

MEMORY = f"{EDITION}/memory"

# Archived editions too: what came of an edition is written up once it is over, often long after.
writers_only = edition_staff(RoleName.ORGANISER, archived_too=True)
