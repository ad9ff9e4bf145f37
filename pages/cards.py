"""Cards: what a bundle is, how it was measured and where it fails, and which data stand behind it."""

from pages.widgets import link
from pages.widgets.cards import cards
from pages.widgets.common import chosen_listing, title
from pages.widgets.in_hand import files_in_hand
from pages.widgets.lecture import begin

title("Model card and data card", "")
begin("cards")
files_in_hand()
listing = chosen_listing()
if listing:
    link.ignored("cards")
    cards(listing)
