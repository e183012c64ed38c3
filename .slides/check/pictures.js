// Runs in the page. `look.pictures`: whether they are there, say what they show, and can be read from the last row.

{
  /** Of text in a picture, as it is painted on a slide of 1280 x 720, in pixels. */
  const least = 24

  look.pictures = async (section) => {
    const findings = []
    // Of the two for light and dark rooms the one that is shown: they differ in their colours alone.
    const shown = [...section.querySelectorAll('img')].filter((image) => image.getClientRects().length)
    for (const image of shown) {
      // Elsewhere an empty one marks what is only decoration. A slide has none of that.
      if (!image.alt.trim()) findings.push(['picture without alt text', `it is number ${shown.indexOf(image) + 1} of the slide`])
      const loaded = await image.decode().then(() => image.naturalWidth > 0, () => false)
      if (loaded) findings.push(...(await lookInto(image)))
      else findings.push(['picture not loaded', look.name(image)])
    }
    return findings
  }

  async function lookInto(image) {
    const [, base64] = /^data:image\/svg\+xml;base64,(.*)$/s.exec(image.src) ?? []
    if (!base64) return []
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    const picture = new DOMParser().parseFromString(new TextDecoder().decode(bytes), 'image/svg+xml').documentElement
    const name = look.name(image)
    const findings = []
    const says = (tag) => [...picture.children].some((child) => child.localName === tag && child.textContent.trim())
    if (!says('title')) findings.push(['picture without a title', name])
    if (!says('desc')) findings.push(['picture without a description', name])
    const smallest = smallestText(picture, paintedWidth(image, picture))
    if (smallest && Number(smallest.size.toFixed(1)) < least) {
      const { text, size } = smallest
      findings.push(['small text in a picture', `${name}: ${look.quote(text)} is painted at ${size.toFixed(1)} px, and ${least} px is the least`])
    }
    return findings
  }

  /** As wide as the picture is inside its box: `object-fit: contain` leaves room at its sides. */
  function paintedWidth(image, picture) {
    const box = image.getBoundingClientRect()
    const { width, height } = picture.viewBox.baseVal ?? {}
    return width && height ? Math.min(box.width, (box.height * width) / height) : box.width
  }

  /** Lays the picture out at that width, which respects its styles, transforms and everything else. */
  function smallestText(picture, width) {
    const frame = document.createElement('div')
    frame.style.cssText = 'position: fixed; left: 0; top: 0; visibility: hidden; font-size: 16px'
    const svg = document.importNode(picture, true)
    svg.setAttribute('width', width)
    svg.removeAttribute('height')
    frame.append(svg)
    document.body.append(frame)
    let smallest
    for (const [node, parent] of look.texts(svg)) {
      if (!parent.closest('text')) continue
      const { a, b, c, d } = parent.getScreenCTM()
      const size = parseFloat(getComputedStyle(parent).fontSize) * Math.sqrt(Math.abs(a * d - b * c))
      if (!(smallest?.size <= size)) smallest = { size, text: node.data }
    }
    frame.remove()
    return smallest
  }
}
