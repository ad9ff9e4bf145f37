const FOLDS = '[class*=st-key-fold-]'
const CHARTS = '.js-plotly-plot .svg-container > svg'
const HEADINGS = '.stMainBlockContainer :is(h2, h3, h4, .stExpander summary)'
const APART = 40 // pixels between the heads of two sections that do not stand side by side
const ABOVE = 16 // pixels of room above the head of a section
const INPUT = ['wheel', 'touchstart', 'pointerdown', 'keydown']
// What has a use for arrow keys of its own; the viewer takes those that it needs before they come here.
const OWN = [
  'input:not([type=checkbox])', 'textarea', 'select', '.chips *', '[data-testid=stDataFrame] *',
  ...['tab', 'slider', 'radio', 'radiogroup', 'listbox', 'option', 'combobox', 'menu', 'menuitem', 'grid', 'spinbutton']
    .map((role) => `[role=${role}]`),
].join()

const narrow = matchMedia('(max-width: 640px)')
const seen = new WeakSet()
const PATIENCE_MS = 90_000 // until a section that a link leads to is there
const CALM_MS = 2_500 // in which nothing above it has moved it
let shown // the page that was on screen last
let led, leading // which arrival was led to its section, and the timer that does so

// A phone gets sections folded; whoever unfolds one, has it. Wider windows have no heads to unfold them with.
function fold() {
  for (const section of document.querySelectorAll(`${FOLDS} > details, ${FOLDS} > .stExpander > details`)) {
    const head = section.querySelector('summary')
    if (narrow.matches ? section.open && !seen.has(head) : !section.open) head.click()
    if (narrow.matches) seen.add(head)
    else seen.delete(head)
  }
}

function unfold(head) {
  seen.add(head)
  head.click()
}

const scroller = () => document.querySelector('[data-testid=stMain]')

// Where the part of the page that nothing covers begins.
function openTop() {
  const bar = document.querySelector('[data-testid=stHeader]')
  return Math.max(scroller().getBoundingClientRect().top, bar?.getBoundingClientRect().bottom ?? 0) + ABOVE
}

// A section that a link leads to, into view as soon as it is there, until nothing moves it or somebody scrolls.
function lead(section) {
  clearInterval(leading)
  if (!section) return
  const begun = Date.now()
  let since = begun, moved = false
  const stop = () => {
    clearInterval(leading)
    for (const each of INPUT) removeEventListener(each, stop, true)
  }
  for (const each of INPUT) addEventListener(each, stop, true)
  leading = setInterval(() => {
    const place = document.querySelector(`.st-key-${section}`)
    const lesson = document.querySelector('.st-key-lesson-bar')
    const covered = lesson && getComputedStyle(lesson.parentElement).position === 'sticky' ? lesson.offsetHeight : 0
    const folded = place?.querySelector(':scope > details:not([open]), :scope > .stExpander > details:not([open])')
    if (folded) unfold(folded.querySelector('summary'))
    const by = place ? place.getBoundingClientRect().top - openTop() - covered : 0
    const before = scroller().scrollTop
    moved ||= by > scroller().clientHeight / 2 // what begins in the upper half is in view
    if (moved && Math.abs(by) > 1) scroller().scrollBy({ top: by })
    if (!place || scroller().scrollTop !== before) since = Date.now()
    if (Date.now() - since > CALM_MS || Date.now() - begun > PATIENCE_MS) stop()
  }, 150)
}

// The next head of a section, or the one before: where another place of the page begins.
function turn(by) {
  const main = scroller(), top = openTop()
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
function begin({ page, section, arrival }) {
  if (shown !== undefined && shown !== page) scroller().scrollTo(0, 0)
  shown = page
  if (led === arrival) return
  led = arrival
  lead(section)
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
  begin(data)
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
