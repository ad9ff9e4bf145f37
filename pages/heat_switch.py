"""The heat's opacity, changed in the browser alone: a slider, and the key H for on and off."""

import streamlit as st

_HTML = """
<label for="heat">Heat <output>60 %</output> <span>(key H switches it off and on)</span></label>
<input id="heat" type="range" min="0" max="100" step="5" value="60" aria-label="Opacity of the heat">
"""

_CSS = """
label { display: block; font-size: 0.875rem; color: var(--st-text-color); font-family: var(--st-font); }
span { opacity: 0.65; }
input { width: 100%; accent-color: var(--st-primary-color); height: 2.2rem; margin: 0; }
"""

# The plots are Streamlit's own elements, outside of this component: a rule on the document reaches them.
_JS = """
const RULE =
  '.heatmaplayer { opacity: var(--heat-opacity, 0.6) } .st-key-heat-scale .heatmaplayer { opacity: 1 }'
const kept = { value: 60, off: false }

export default function ({ parentElement }) {
  const input = parentElement.querySelector('input')
  const output = parentElement.querySelector('output')
  if (!document.getElementById('thoraxlens-heat')) {
    const style = document.createElement('style')
    style.id = 'thoraxlens-heat'
    style.textContent = RULE
    document.head.append(style)
  }
  const show = () => {
    const percent = kept.off ? 0 : kept.value
    input.value = percent
    output.textContent = percent + ' %'
    document.documentElement.style.setProperty('--heat-opacity', percent / 100)
  }
  const slide = () => { kept.value = Number(input.value); kept.off = kept.value === 0; show() }
  const press = (event) => {
    const typing = event.target.closest && event.target.closest('input:not([type=range]), textarea')
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() !== 'h') return
    kept.off = !kept.off
    if (!kept.off && kept.value === 0) kept.value = 60
    show()
  }
  input.addEventListener('input', slide)
  document.addEventListener('keydown', press)
  show()
  return () => document.removeEventListener('keydown', press)
}
"""

heat_switch = st.components.v2.component("heat_switch", html=_HTML, css=_CSS, js=_JS)
