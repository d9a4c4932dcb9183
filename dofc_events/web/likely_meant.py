"""Whether somebody mistyped the domain of an email address. It is only asked: an address may be as strange as it likes.

`static/js/site.js` asks the same while the address is typed, by the same rule and this list.
"""

from functools import lru_cache

# Where many people have their mailbox, also in the countries that the conference is of: the providers' own names, with
# those of their national domains that are common. Names of a few letters are alike by chance, and not here; those that
# are one slip from another have to be, or people who use them would be asked.
DOMAINS = tuple(
    """
    gmail.com googlemail.com ymail.com email.com mail.com hotmail.com outlook.com live.com icloud.com yahoo.com
    proton.me protonmail.com rocketmail.com fastmail.com zohomail.com hotmail.co.uk yahoo.co.uk hotmail.fr yahoo.fr
    outlook.fr hotmail.de outlook.de yahoo.de hotmail.it yahoo.it hotmail.es yahoo.es yahoo.gr hotmail.gr yahoo.ro
    hotmail.rs btinternet.com t-online.de freenet.de libero.it virgilio.it orange.fr laposte.net wanadoo.fr
    seznam.cz centrum.cz centrum.sk azet.sk zoznam.sk freemail.hu citromail.hu interia.pl onet.pl yandex.com
    yandex.ru rambler.ru inbox.ru ukr.net mynet.com naver.com freemail.gr otenet.gr siol.net t-com.me
    windowslive.com
    """.split()
)


def likely_meant(address: str) -> str:
    """The address that was likely meant, "" if nothing looks mistyped."""
    local, at, domain = address.rpartition("@")
    meant = _meant_domain(domain.lower()) if at else ""
    return meant and f"{local}@{meant}"


@lru_cache(maxsize=1000)
def _meant_domain(domain: str) -> str:
    if domain in DOMAINS:
        return ""
    return next((known for known in DOMAINS if _is_one_slip(domain, known)), "")


def _is_one_slip(typed: str, meant: str) -> bool:
    """Whether one letter is missing, too many, wrong, or has changed places with the next."""
    begin, end = 0, 0
    shorter = min(len(typed), len(meant))
    while begin < shorter and typed[begin] == meant[begin]:
        begin += 1
    while end < shorter - begin and typed[-1 - end] == meant[-1 - end]:
        end += 1
    there, instead = typed[begin : len(typed) - end], meant[begin : len(meant) - end]
    return max(len(there), len(instead)) < 2 or (len(there) == 2 and there == instead[::-1])
