// Runs in a built deck: the key D makes it dark, and light again. The windows of one deck, such as the presenter's view,
// tell each other.

{
  const name = 'unblocked-room'
  const sections = () => [...document.querySelectorAll('section')]
  const isDark = () => sections().some((section) => section.classList.contains('dark'))

  const paint = (dark) => {
    for (const section of sections()) section.classList.toggle('dark', dark)
    document.body.style.background = dark ? '#000000' : ''
  }

  /** A browser may refuse to keep anything for a file. Then each window is by itself. */
  const kept = (change) => {
    try {
      return change(localStorage)
    } catch {
      return null
    }
  }

  const before = kept((store) => store.getItem(name))
  if (before) paint(before === 'dark')
  addEventListener('keydown', (event) => {
    const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey
    if (!isPlain || event.key.toLowerCase() !== 'd') return
    const dark = !isDark()
    paint(dark)
    kept((store) => store.setItem(name, dark ? 'dark' : 'light'))
  })
  addEventListener('storage', (event) => {
    if (event.key === name) paint(event.newValue === 'dark')
  })
}
