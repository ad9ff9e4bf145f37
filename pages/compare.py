"""Compare: which model, on what, how sure, and why not to believe it too much."""

from pages import comparing as show
from pages.components import chosen_listing, disclaimer, title
from pages.in_hand import files_in_hand

title("Compare", "Five backbones, three SVMs and three simple baselines on the same images")
disclaimer()
files_in_hand()
listing = chosen_listing()
record = show.record(listing) if listing else None

if listing and record:
    show.shortcuts(record)
    record, images = show.with_more(listing, record)
    question = show.question(record)
    answers = show.answers(record, question)
    if answers:
        show.measures(listing, record, question, answers)
        show.plots(record, question, answers, images)
        show.tests(answers)
        show.mistakes(record, question, answers, images)
    show.study()
