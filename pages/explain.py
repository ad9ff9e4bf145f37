"""Explain: where each network looked, by whose method, down to the numbers."""

from pages.widgets import explain as show
from pages.widgets import (
    explain_belief,
    explain_cell,
    explain_findings,
    explain_layer,
    explain_maps,
    explain_sanity,
    explain_similar,
    explain_what_if,
    gate,
    guess,
    in_hand,
    link,
)
from pages.widgets.common import chosen_bundle, title
from pages.widgets.lecture import begin

title("Explain", "Where did a network look, who says so, and how far to believe it?")
begin("explain")
in_hand.files_in_hand()
bundle = chosen_bundle()
source = in_hand.chosen_radiograph()
link.ignored("explain")

if bundle and source:
    case = in_hand.answer(source, bundle)
    if case:
        gate.verdict(case, source)
    if case and case.analysis and guess.is_due(source):
        show.guess_first()
    elif case and case.analysis:
        view = show.head(source)
        if view == "findings":
            explain_findings.findings(show.Looked(case, case.analysis, source, bundle))
        elif view == "whatif":
            explain_what_if.what_if(show.Looked(case, case.analysis, source, bundle))
        else:
            model, covid = show.asked(bundle, view)
            looked = show.Looked(case, case.analysis, source, bundle, model, covid)
            show.answer(looked)
            if view == "cell":
                explain_cell.one_place(looked)
            elif view == "layer":
                explain_layer.any_layer(looked)
            elif view == "sanity":
                explain_sanity.sanity(looked)
            elif view == "similar":
                explain_similar.similar(looked)
            elif view == "belief":
                explain_belief.belief(looked)
            else:
                explain_maps.side_by_side(looked)
