"""Who calls: each role of the account has an access key of its own here, and Athena one for each that it acts for.

The local AWS checks no credentials; it tells callers apart by their key. moto reads keys of AWS's form, of 20 letters.
"""

from infra.local.settings import ENGINE_ACCESS_KEY

# As infra/terraform calls them, and `feed` for whoever the policy for the phones' events is attached to.
ROLES = ("stream", "crawler", "refresh", "dashboard", "adhoc", "feed", "ci", "build", "plan", "apply")
_OWN, _THROUGH_ATHENA = "TELCOPULSE{:0<10}", "TELCOATHENA{:0<9}"


def access_key(role: str) -> str:
    return _OWN.format(role.upper())


def forward_key(role: str) -> str:
    """The key of what Athena does on the role's behalf; on AWS the role's own credentials, passed on."""
    return _THROUGH_ATHENA.format(role.upper())


_CALLERS = {access_key(role): (role, False) for role in ROLES} | {forward_key(role): (role, True) for role in ROLES}


def caller(key: str) -> tuple[str, bool]:
    """The role that a key is of, and whether Athena uses it; other keys stand for themselves."""
    return _CALLERS.get(key, (key, key == ENGINE_ACCESS_KEY))
