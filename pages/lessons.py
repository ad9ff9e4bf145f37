"""Lessons: short guided ones, whose text drives the other pages, each with a question before its answer."""

from pages.widgets import link
from pages.widgets.common import chosen_listing, title
from pages.widgets.in_hand import files_in_hand
from pages.widgets.lecture import begin
from pages.widgets.lessons import lessons as show

title("Lessons", "Short and guided: look, make a guess, see who was right")
begin("lessons")
files_in_hand()
listing = chosen_listing()
if listing:
    show.lessons(listing)
    link.ignored("lessons")
