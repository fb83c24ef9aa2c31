"""Settings of the messaging services."""

from collections.abc import Callable, Mapping

from trialguide.runtime import setting_values as values

# By channel: required and optional variables.
VARIABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "whatsapp": (("WHATSAPP_TOKEN", "WHATSAPP_PHONE_ID", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"), ("WHATSAPP_API",)),
    "messenger": (("MESSENGER_TOKEN", "MESSENGER_APP_SECRET", "MESSENGER_VERIFY_TOKEN"), ("MESSENGER_API",)),
    "telegram": (("TELEGRAM_TOKEN", "TELEGRAM_SECRET"), ("TELEGRAM_API",)),
    "sms": (("TWILIO_ACCOUNT", "TWILIO_TOKEN", "TWILIO_NUMBERS"), ("TWILIO_API",)),
    "slack": (("SLACK_TOKEN", "SLACK_SIGNING_SECRET"), ("SLACK_API",)),
    "teams": (("TEAMS_APP_ID", "TEAMS_PASSWORD"), ("TEAMS_TENANT", "TEAMS_API")),
}
NAMES = tuple(name for needed, optional in VARIABLES.values() for name in (*needed, *optional))
# May be given in a file instead.
SECRETS = frozenset(name for name in NAMES if name.endswith(("_TOKEN", "_SECRET", "_PASSWORD")))
# These vendors sign the webhook's address, or have it registered by the server.
NEED_ADDRESS = frozenset({"telegram", "sms"})


def parser(name: str) -> Callable[[str], str]:
    """The parser of a variable."""
    special = {"TWILIO_NUMBERS": values.telephone_numbers, "TELEGRAM_SECRET": values.telegram_secret}
    return special.get(name) or (values.web_address if name.endswith("_API") else values.word)


def services(given: Mapping[str, str], public_address: str | None) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The variables by channel for those that are set up, and a sentence for each channel that is set up in half."""
    found: dict[str, dict[str, str]] = {}
    faults = []
    for channel, (needed, optional) in VARIABLES.items():
        missing = [name for name in needed if name not in given]
        if len(missing) == len(needed):
            continue
        if missing:
            faults.append(f"The channel {channel} also needs {', '.join(missing)}. Set what is missing, or unset the rest.")
        if channel in NEED_ADDRESS and not (public_address or "").startswith("https://"):
            faults.append(
                f"The channel {channel} also needs PUBLIC_ADDRESS, the address under which it is reached: https://..."
            )
        found[channel] = {name: given[name] for name in (*needed, *optional) if name in given}
    return found, faults
