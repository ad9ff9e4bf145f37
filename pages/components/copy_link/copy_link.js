const BY_HAND = 'The browser does not let this page copy. The address, to copy by hand:'
const LOOK = 500

export default function ({ parentElement, data }) {
  const button = parentElement.querySelector('button')
  const status = parentElement.querySelector('[role=status]')
  const address = parentElement.querySelector('input')

  // Settings change the address without a word to anybody: what was said of another one goes.
  const forget = () => {
    if (button.dataset.said === location.href) return
    status.textContent = ''
    address.hidden = true
  }
  const watch = setInterval(forget, LOOK)

  button.onclick = async () => {
    const url = button.dataset.said = location.href
    try {
      await navigator.clipboard.writeText(url) // missing on a page that is neither https nor localhost
      status.textContent = `Copied. ${data.carries}`
      address.hidden = true
    } catch {
      status.textContent = `${data.carries} ${BY_HAND}`
      address.value = url
      address.hidden = false
      address.focus()
      address.select()
    }
  }
  return () => clearInterval(watch)
}
