// Streamlit gives these names to all of their kind, and a screen reader's list then tells none apart.
const ALIKE = ['Help', 'Show/hide columns', 'Download as CSV', 'Search', 'Fullscreen', 'Open', 'progress']
const SELECTOR = ALIKE.map((name) => `[aria-label="${name}"]`).join()
const ELEMENT = '[data-testid=stElementContainer]'
const LABEL = '[data-testid=stWidgetLabel] p, [data-testid=stMetricLabel] p'
const LONGEST = 60

const brief = (text) => {
  const words = text.trim().split(/(?<=[.:?!])\s/)[0].replace(/[.:]$/, '')
  return words.length > LONGEST ? `${words.slice(0, LONGEST).replace(/\s+\S*$/, '')} …` : words
}

/** The last of some elements that stands before another one. */
const before = (found, element) =>
  found.findLast((each) => each.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)

/** What a control belongs to, in a few words: its label, its text, else what stands before it. */
function about(control) {
  const element = control.closest(ELEMENT)
  if (!element) return ''
  const own = element.querySelector(LABEL)?.textContent ||
    (element.querySelector('[data-testid=stDataFrame]') ? '' : element.textContent)
  if (own?.trim()) return brief(own)
  const bar = control.getAttribute('role') === 'progressbar'
  const all = [...document.querySelectorAll(bar ? `${ELEMENT}:has(p)` : 'h1, h2, h3, h4')]
  return brief(before(all.filter((each) => each.textContent.trim()), control)?.textContent ?? '')
}

function tell() {
  const told = new Map()
  for (const control of document.querySelectorAll('[data-named]')) {
    const name = control.getAttribute('aria-label') ?? ''
    if (name !== control.dataset.named) delete control.dataset.named // Streamlit named it anew
    else told.set(name, 1)
  }
  for (const control of document.querySelectorAll(SELECTOR)) {
    const alike = control.getAttribute('aria-label')
    const what = about(control)
    if (!what) continue
    const base = alike === 'progress' ? what : `${alike}${alike === 'Help' ? ' for' : ':'} ${what}`
    let name = base
    for (let more = 2; told.has(name); more += 1) name = `${base} (${more})`
    told.set(name, 1)
    control.setAttribute('aria-label', name)
    control.dataset.named = name
  }
}

export default function () {
  let due = 0
  const observer = new MutationObserver(() => { due ||= requestAnimationFrame(() => { due = 0; tell() }) })
  observer.observe(document.body, { subtree: true, childList: true })
  tell()
  return () => { observer.disconnect(); cancelAnimationFrame(due) }
}
