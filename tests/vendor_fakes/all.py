"""All vendors."""

from vendor_fakes.vendor import Vendor
from vendor_fakes.whatsapp import WhatsApp

VENDORS: tuple[type[Vendor], ...] = (WhatsApp,)
