"""Compare: which model, on what, how sure, and why not to believe it too much."""

from pages import comparing as show
from pages.components import chosen_listing, disclaimer, title

title("Compare", "Five backbones, three SVMs and three simple baselines on the same images")
disclaimer()
listing = chosen_listing()
record = show.record(listing) if listing else None

if listing and record:
    show.shortcuts(record)
    record = show.with_own_set(listing, record)
    question = show.question(record)
    answers = show.answers(record, question)
    if answers:
        show.measures(record, question, answers)
        show.plots(record, question, answers)
        show.tests(answers)
        show.mistakes(record, answers)
    show.study()
