"""Cards: what a bundle is, how it was measured and where it fails, and which data stand behind it."""

from pages import components as show
from pages.in_hand import files_in_hand

show.title("Model card and data card", "")
show.disclaimer()
files_in_hand()
listing = show.chosen_listing()
if listing:
    show.cards(listing)
