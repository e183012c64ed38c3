// Runs in the page, after the other files beside it. `look.slide` puts them together for one slide.

{
  look.count = () => slides().length

  /** Goes to the slide and looks at it: its heading, what was found, and its links, which are followed elsewhere. */
  look.slide = async (number) => {
    const slide = slides()[number - 1]
    await turnedTo(slide, number)
    const section = slide.querySelector('section')
    const findings = [
      ...look.edges(section),
      ...look.clipped(section),
      ...look.sizes(section),
      ...look.room(section),
      ...look.contrast(section),
      ...inTheDark(section),
      ...(await look.pictures(section)),
      ...headings(section, number),
    ]
    return { heading: titleOf(section), findings, links: look.links(section) }
  }

  /** The same slide in a dark room, for what can be read in a light one. */
  const inTheDark = (section) => {
    if (section.matches('.dark')) return []
    const light = look.contrast(section).length
    section.classList.add('dark')
    const found = light ? [] : look.contrast(section)
    section.classList.remove('dark')
    return found.map(([, details]) => ['low contrast in a dark room', details])
  }

  /** The page that lists the decks has no slides and may be scrolled; the rest holds for it too. */
  look.index = async () => {
    const main = document.querySelector('main')
    return { findings: [...look.contrast(main), ...(await look.pictures(main))], links: look.links(main) }
  }

  look.links = (root) => [...root.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))

  look.hasAnchor = (id) => document.getElementById(id) !== null

  /** Shows all slides at once, to those who ask whether something is hidden. */
  look.reveal = () => {
    const style = document.createElement('style')
    style.textContent = 'svg[data-marpit-svg] { content-visibility: visible !important; interactivity: auto !important; opacity: 1 !important; }'
    document.head.append(style)
    for (const slide of slides()) slide.removeAttribute('aria-hidden')
  }

  const slides = () => [...document.querySelectorAll('svg[data-marpit-svg]')]

  /** As somebody who follows a link to `#number` does it. */
  async function turnedTo(slide, number) {
    const active = () => !slide.matches('.bespoke-marp-slide:not(.bespoke-marp-active)')
    if (active()) return
    const turned = new Promise((done) => addEventListener('hashchange', () => setTimeout(done), { once: true }))
    location.hash = `#${number}`
    await turned
    if (!active()) throw new Error(`the deck does not turn to slide ${number}`)
  }

  const titleOf = (section) => section.querySelector('h1, h2, h3, h4, h5, h6')?.textContent.trim() ?? ''

  function headings(section, number) {
    const found = [...section.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((heading) => heading.tagName.toLowerCase())
    const expected = number === 1 ? 'h1' : 'h2'
    return found.join() === expected ? [] : [['wrong heading', `${found.join(' and ') || 'none'} where one ${expected} belongs`]]
  }
}
