const BY_HAND = 'The browser does not let this page copy. The address, to copy by hand:'

/** Shown until this address is no longer the one on screen. */
let shownFor = ''

export default function ({ parentElement, data }) {
  const button = parentElement.querySelector('button')
  const status = parentElement.querySelector('[role=status]')
  const address = parentElement.querySelector('input')

  const clear = () => { status.textContent = ''; address.hidden = true }
  if (status.textContent && shownFor !== location.href) clear()

  button.onclick = async () => {
    const url = shownFor = location.href
    clear()
    try {
      await navigator.clipboard.writeText(url) // missing on a page that is neither https nor localhost
      status.textContent = `Copied. ${data.carries}`
    } catch {
      status.textContent = `${data.carries} ${BY_HAND}`
      address.value = url
      address.hidden = false
      address.focus()
      address.select()
    }
  }
}
