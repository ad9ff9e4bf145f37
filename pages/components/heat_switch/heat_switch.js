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
