// A link of a lesson's text opens a page in this session, where the files in hand are. Whoever asks for a new tab
// or window gets that: a session of its own.
const TEXT = '[class*=st-key-lesson-text] a[href]'

export default function ({ data, setTriggerValue }) {
  const follow = (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    const link = event.target.closest?.(TEXT)
    const at = link ? data.addresses.indexOf(link.getAttribute('href')) : -1
    if (at < 0) return
    event.preventDefault()
    event.stopPropagation()
    setTriggerValue('follow', at)
  }
  document.addEventListener('click', follow, true)
  return () => document.removeEventListener('click', follow, true)
}
