"""All vendors."""

from vendor_fakes.messenger import Messenger
from vendor_fakes.slack import Slack
from vendor_fakes.teams import Teams
from vendor_fakes.telegram import Telegram
from vendor_fakes.twilio import Twilio
from vendor_fakes.vendor import Vendor
from vendor_fakes.whatsapp import WhatsApp

VENDORS: tuple[type[Vendor], ...] = (WhatsApp, Messenger, Telegram, Twilio, Slack, Teams)
