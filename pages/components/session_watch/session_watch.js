const KEPT = 'thoraxlens-in-hand'
const LATE = 3000
const LOST = 'The connection to the server is lost; nothing that you do here reaches it until it is back.'

// A browser may forbid storage: then nothing is known of earlier sessions.
const attempt = (work) => { try { return work() } catch { return null } }
const read = () => attempt(() => JSON.parse(sessionStorage.getItem(KEPT)))
const keep = (value) => attempt(() => sessionStorage.setItem(KEPT, JSON.stringify(value)))
const told = new WeakSet()

function refusedUploads() {
  const found = {}
  for (const chip of document.querySelectorAll('[class*=st-key-uploader] [data-testid=stFileChip]')) {
    const reason = chip.querySelector('[role=alert]')
    const name = chip.querySelector('[data-testid=stFileChipName]')
    if (!reason || !name || told.has(chip)) continue
    told.add(chip)
    found[name.title] = reason.textContent
  }
  return found
}

export default function ({ parentElement, data, setTriggerValue }) {
  const alarm = parentElement.querySelector('[role=alert]')
  const before = read()
  if (before && before.session !== data.session && before.files.length) setTriggerValue('lost', before.files)
  keep({ session: data.session, files: data.files })

  const look = () => {
    const found = refusedUploads()
    if (Object.keys(found).length) setTriggerValue('refused', found)
  }
  let timer = null
  const listen = () => {
    const state = document.querySelector('[data-test-connection-state]')?.dataset.testConnectionState
    if (state !== 'CONNECTED') {
      timer ??= setTimeout(() => { alarm.textContent = LOST }, LATE)
    } else if (timer) {
      clearTimeout(timer)
      timer = null
      alarm.textContent = ''
      setTriggerValue('back', true)
    }
  }
  const observer = new MutationObserver(() => { look(); listen() })
  observer.observe(document.body, {
    subtree: true, childList: true, attributes: true, attributeFilter: ['data-test-connection-state'],
  })
  look()
  listen()
  return () => { observer.disconnect(); clearTimeout(timer) }
}
