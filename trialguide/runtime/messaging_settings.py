"""Settings of the messaging services, read from the environment."""

from collections.abc import Mapping

# By channel: required and optional variables.
VARIABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "whatsapp": (("WHATSAPP_TOKEN", "WHATSAPP_PHONE_ID", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"), ("WHATSAPP_API",)),
    "messenger": (("MESSENGER_TOKEN", "MESSENGER_APP_SECRET", "MESSENGER_VERIFY_TOKEN"), ("MESSENGER_API",)),
    "telegram": (("TELEGRAM_TOKEN", "TELEGRAM_SECRET"), ("TELEGRAM_API",)),
    "sms": (("TWILIO_ACCOUNT", "TWILIO_TOKEN", "TWILIO_NUMBERS"), ("TWILIO_API",)),
    "slack": (("SLACK_TOKEN", "SLACK_SIGNING_SECRET"), ("SLACK_API",)),
    "teams": (("TEAMS_APP_ID", "TEAMS_PASSWORD"), ("TEAMS_TENANT", "TEAMS_API")),
}

# These vendors sign the webhook's address, or have it registered by the server.
NEED_ADDRESS = frozenset({"telegram", "sms"})


def vendor_settings(channel: str, environment: Mapping[str, str]) -> dict[str, str] | None:
    """The variables of a channel that are set, or None when no required one is.

    Raises ValueError, with a sentence for the operator, when only some are set.
    """
    required, optional = VARIABLES[channel]
    given = {name: environment[name] for name in (*required, *optional) if environment.get(name)}
    missing = [name for name in required if name not in given]
    if len(missing) == len(required):
        return None
    if missing:
        raise ValueError(f"The channel {channel} also needs {', '.join(missing)}. Set what is missing, or unset the rest.")
    if channel in NEED_ADDRESS and not environment.get("PUBLIC_ADDRESS", "").startswith("https://"):
        raise ValueError(f"The channel {channel} also needs PUBLIC_ADDRESS, the address under which it is reached: https://...")
    return given


def check_vendor_settings(environment: Mapping[str, str]) -> None:
    """Raises ValueError, with a sentence for the operator, when the settings of a channel are incomplete."""
    for channel in VARIABLES:
        vendor_settings(channel, environment)
