"""Charts that are drawn once."""

import json

import plotly.graph_objects as go
import plotly.io
from plotly.tools import return_figure_from_figure_or_data

from core.display.comparison_charts import Chart
from core.display.drawn import LECTURE_PX, Drawn, enlarged, settled


def test_a_drawn_figure_is_sent_as_the_figure_would_be() -> None:
    figure = go.Figure(go.Scatter(x=[0, 1], y=[2.5, 3]), layout={"height": 300})
    drawn = Drawn(figure)
    sent = return_figure_from_figure_or_data(drawn, validate_figure=True)  # as st.plotly_chart does
    assert json.loads(plotly.io.to_json(sent, validate=False)) == json.loads(figure.to_json(validate=False))
    assert return_figure_from_figure_or_data(drawn, validate_figure=True) is sent


def test_a_settled_chart_keeps_its_words_and_numbers() -> None:
    chart = Chart(go.Figure(go.Bar(x=[1], y=[2])), "One.", ({"Model": "one"},))
    done = settled(chart)
    assert (done.words, done.table) == (chart.words, chart.table)
    assert done.figure.to_dict() == chart.figure.to_dict()


def test_for_a_lecture_small_type_grows_large_type_stays_and_the_figure_is_left_alone() -> None:
    figure = go.Figure(
        go.Bar(x=[1], y=["a"], text=["1"], marker={"colorbar": {"tickfont": {"size": 9}}}),
        layout={"height": 200, "xaxis": {"title": "x"}, "annotations": [{"text": "t", "font": {"size": 30}}]},
    )
    before = figure.to_json()
    large = enlarged(Drawn(figure)).to_dict()
    bar, layout = large["data"][0], large["layout"]
    sizes = [bar["textfont"], bar["marker"]["colorbar"]["tickfont"], layout["font"], layout["legend"]["font"]]
    sizes += [layout["xaxis"]["tickfont"], layout["xaxis"]["title"]["font"]]
    assert [each["size"] for each in sizes] == [LECTURE_PX] * 6
    assert layout["annotations"][0]["font"]["size"] == 30 and layout["height"] == 250
    assert figure.to_json() == before


def test_what_is_enlarged_once_is_kept() -> None:
    drawn = Drawn(go.Figure(go.Bar(x=[1], y=[2])))
    assert enlarged(drawn) is enlarged(drawn)
