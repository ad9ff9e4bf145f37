"""Cards: what a bundle is, how it was measured and where it fails, and which data stand behind it."""

from pages import components as show

show.title("Model card and data card", "")
show.disclaimer()
listing = show.chosen_listing()
if listing:
    show.cards(listing)
