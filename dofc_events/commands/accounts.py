"""`flask accounts`: who can sign in."""

import click
from email_validator import EmailNotValidError, validate_email
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from dofc_events.accounts.factors.service import reset
from dofc_events.accounts.queries import account_by_email
from dofc_events.accounts.rules import EDITION_ROLES, MEMBER_ROLES, Grant, RoleName
from dofc_events.accounts.service import add_account, issue_sign_in_link
from dofc_events.conference.queries import edition_by_year, member_by_slug
from dofc_events.core.audit import COMMAND
from dofc_events.core.clock import now
from dofc_events.core.db import tried_again, unit_of_work
from dofc_events.mail.render import link
from dofc_events.organise.accounts.service import end_account

accounts = AppGroup("accounts", help="Accounts: who can sign in, and what they can do.")


@accounts.command("add")
@click.argument("email")
@click.option("--name", required=True, help="The person's name, as shown on pages and in emails.")
@click.option("--role", required=True, type=click.Choice([role.value for role in RoleName]))
@click.option(
    "--edition",
    "year",
    type=click.IntRange(1, 9999),
    metavar="YEAR",
    help="For organiser and desk: the edition's year.",
)
@click.option("--member", "slug", metavar="SLUG", help="For member and board: the member's short name.")
@tried_again
def add(email: str, name: str, role: str, year: int | None, slug: str | None) -> None:
    """Give EMAIL an account with a role, or its account another role."""
    address = _address(email)
    if not name.strip():
        raise click.UsageError("--name must not be empty.")
    _check_combination(RoleName(role), year, slug)
    with unit_of_work() as session:
        grant = _grant(session, RoleName(role), year, slug)
        account = add_account(session, address, name.strip(), grant, COMMAND, now())
    where = f" of {year}" if year is not None else f" for {slug}" if slug is not None else ""
    click.echo(f"{account.email} ({account.name}): {role}{where}")


@accounts.command("sign-in-link")
@click.argument("email")
@tried_again
def sign_in_link(email: str) -> None:
    """Print one link that signs EMAIL in: once, within 10 minutes."""
    with unit_of_work() as session:
        account = account_by_email(session, email)
        if account is None:
            raise click.ClickException(f"No account has the address {email}; create one with `accounts add`.")
        secret = issue_sign_in_link(session, account.id, now(), COMMAND)
    click.echo(link("accounts.sign_in_link", secret=secret))


@accounts.command("end")
@click.argument("email")
@tried_again
def end(email: str) -> None:
    """End every role of EMAIL, sign it out everywhere, and end the links it was sent."""
    with unit_of_work() as session:
        account = account_by_email(session, email)
        if account is None:
            raise click.ClickException(f"No account has the address {email}.")
        end_account(session, account.id, COMMAND, now(), even_the_last=True)
    click.echo(f"{account.email} ({account.name}): no role, signed out everywhere")


@accounts.command("reset-factor")
@click.argument("email")
@tried_again
def reset_factor(email: str) -> None:
    """Remove the second factor of EMAIL, sign it out everywhere, and tell it by email."""
    with unit_of_work() as session:
        account = account_by_email(session, email)
        if account is None:
            raise click.ClickException(f"No account has the address {email}.")
        removed = reset(session, account.id, COMMAND, now())
    click.echo(f"{account.email} ({account.name}): {removed} removed, signed out everywhere")


def _address(email: str) -> str:
    try:
        return validate_email(email, check_deliverability=False, test_environment=True, allow_smtputf8=False).normalized
    except EmailNotValidError as error:
        raise click.BadParameter(f"{email!r} is not a complete email address: {error}", param_hint="EMAIL") from error


def _check_combination(role: RoleName, year: int | None, slug: str | None) -> None:
    if role in EDITION_ROLES and year is None:
        raise click.UsageError(f"The role {role} is for one edition: add --edition YEAR.")
    if role in MEMBER_ROLES and slug is None:
        raise click.UsageError(f"The role {role} is for one member of the network: add --member SLUG.")
    if year is not None and role not in EDITION_ROLES:
        raise click.UsageError(f"The role {role} does not belong to an edition: leave out --edition.")
    if slug is not None and role not in MEMBER_ROLES:
        raise click.UsageError(f"The role {role} does not belong to a member of the network: leave out --member.")


def _grant(session: Session, role: RoleName, year: int | None, slug: str | None) -> Grant:
    edition = edition_by_year(session, year) if year is not None else None
    if year is not None and edition is None:
        raise click.ClickException(f"There is no edition for {year}.")
    member = member_by_slug(session, slug) if slug is not None else None
    if slug is not None and member is None:
        raise click.ClickException(f"No member of the network has the short name {slug}.")
    return Grant(role, edition.id if edition else None, member.organisation_id if member else None)
