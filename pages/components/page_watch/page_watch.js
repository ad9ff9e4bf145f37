const FOLDS = '[class*=st-key-fold-]'
const CHARTS = '.js-plotly-plot .svg-container > svg'
const HEADINGS = '.stMainBlockContainer :is(h2, h3, h4, .stExpander summary)'
const APART = 40 // pixels between the heads of two sections that do not stand side by side
const ABOVE = 16 // pixels of room above the head of a section
const DRAWN_MS = 60_000 // after that a page that was opened at a section no longer moves there
const INPUT = ['wheel', 'touchstart', 'pointerdown', 'keydown']
// What has a use for arrow keys of its own; the viewer takes those that it needs before they come here.
const OWN = [
  'input:not([type=checkbox])', 'textarea', 'select', '.chips *', '[data-testid=stDataFrame] *',
  ...['tab', 'slider', 'radio', 'radiogroup', 'listbox', 'option', 'combobox', 'menu', 'menuitem', 'grid', 'spinbutton']
    .map((role) => `[role=${role}]`),
].join()

const narrow = matchMedia('(max-width: 640px)')
const seen = new WeakSet()
let shown // the page that was on screen last
let arrived = 0 // the number of the last arrival

// A phone gets sections folded; whoever unfolds one, has it. Wider windows have no heads to unfold them with.
function fold() {
  for (const section of document.querySelectorAll(`${FOLDS} > details, ${FOLDS} > .stExpander > details`)) {
    const head = section.querySelector('summary')
    if (narrow.matches ? section.open && !seen.has(head) : !section.open) head.click()
    if (narrow.matches) seen.add(head)
    else seen.delete(head)
  }
}

// Where a section's head belongs on screen: below what stays at the top.
function topOf(main) {
  const header = document.querySelector('[data-testid=stHeader]'), bar = document.querySelector('.st-key-lesson-bar')
  const stays = bar && getComputedStyle(bar.parentElement).position === 'sticky'
  const top = Math.max(main.getBoundingClientRect().top, header?.getBoundingClientRect().bottom ?? 0)
  return top + (stays ? bar.offsetHeight : 0) + ABOVE
}

// The next head of a section, or the one before: where another place of the page begins.
function turn(by) {
  const main = document.querySelector('[data-testid=stMain]'), top = topOf(main)
  const places = [...document.querySelectorAll(HEADINGS)]
    .filter((each) => each.checkVisibility())
    .map((each) => each.getBoundingClientRect().top - top)
    .sort((one, other) => one - other)
    .filter((place, index, all) => !index || place - all[index - 1] > APART)
  const next = by > 0 ? places.find((place) => place > 1) : places.findLast((place) => place < -1) ?? -main.scrollTop
  main.scrollBy({ top: next ?? main.scrollHeight })
}

function isOurs(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false
  return !event.composedPath().some((each) =>
    each instanceof HTMLElement && (each.isContentEditable || each.matches(OWN)))
}

// Whoever came by a click far down the page before begins at the head of this one.
function begin(page) {
  if (shown !== undefined && shown !== page) document.querySelector('[data-testid=stMain]').scrollTo(0, 0)
  shown = page
}

// Whoever followed a lesson's phrase gets its section, unfolded, at the head of the screen, while the page is
// still being drawn above it and until they move themselves.
function arrive(number, section) {
  if (number === arrived) return
  arrived = number
  if (!section) return
  const over = new AbortController()
  const show = () => {
    const place = document.querySelector(`.st-key-${section}`), main = document.querySelector('[data-testid=stMain]')
    if (!place) return
    const details = place.querySelector('details')
    if (details && !details.open) details.querySelector('summary').click()
    main.scrollBy({ top: place.getBoundingClientRect().top - topOf(main) })
  }
  const drawn = new MutationObserver(show), grown = new ResizeObserver(show)
  drawn.observe(document.body, { subtree: true, childList: true })
  grown.observe(document.querySelector('.stMainBlockContainer > div'))
  over.signal.addEventListener('abort', () => { drawn.disconnect(); grown.disconnect() })
  for (const each of INPUT) window.addEventListener(each, () => over.abort(), { signal: over.signal, passive: true })
  setTimeout(() => over.abort(), DRAWN_MS)
  show()
}

// Charts have the size of the screen: on paper they scale, as pictures do.
function toPaper() {
  for (const chart of document.querySelectorAll(CHARTS)) {
    chart.setAttribute('viewBox', `0 0 ${chart.getAttribute('width')} ${chart.getAttribute('height')}`)
  }
}

function fromPaper() {
  for (const chart of document.querySelectorAll(CHARTS)) chart.removeAttribute('viewBox')
}

export default function ({ data, setTriggerValue }) {
  begin(data.page)
  arrive(data.number, data.section)
  const step = (by) => { if (data.cases) setTriggerValue('step', by) }
  const keys = {
    ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => turn(-1), ArrowDown: () => turn(1),
  }
  const press = (event) => {
    if (!data.lecture || !keys[event.key] || !isOurs(event)) return
    event.preventDefault()
    keys[event.key]()
  }
  const observer = new MutationObserver(fold)
  observer.observe(document.body, { subtree: true, childList: true })
  document.addEventListener('keydown', press)
  narrow.addEventListener('change', fold)
  window.addEventListener('beforeprint', toPaper)
  window.addEventListener('afterprint', fromPaper)
  fold()
  return () => {
    observer.disconnect()
    document.removeEventListener('keydown', press)
    narrow.removeEventListener('change', fold)
    window.removeEventListener('beforeprint', toPaper)
    window.removeEventListener('afterprint', fromPaper)
  }
}
