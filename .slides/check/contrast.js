// Runs in the page. `look.contrast`: each text against what is behind it. axe lets large text pass at 3:1, and code
// at 21 px is read from the last row: here it is 4.5:1 for all.

{
  const least = 4.5

  look.contrast = (section) => {
    const found = new Map()
    for (const [node, parent] of look.texts(section)) {
      const finding = judge(node.data, parent)
      // Once for each pair of colours.
      if (finding && !found.has(finding.colours)) found.set(finding.colours, [finding.kind, finding.details])
    }
    return [...found.values()]
  }

  function judge(text, element) {
    const behind = background(element)
    if (!behind) return { kind: 'contrast not known', colours: 'picture', details: `${look.quote(text)} stands on a picture` }
    const { colour } = getComputedStyleOf(element)
    const front = over(faded(colour, element), behind)
    const ratio = contrast(front, behind)
    if (ratio >= least) return undefined
    // Rounded down: 4.46 must not read as 4.5.
    const shown = (Math.floor(ratio * 100) / 100).toFixed(2)
    return {
      kind: 'low contrast',
      colours: `${front} ${behind}`,
      details: `${look.quote(text)} has ${shown}:1 (${hex(front)} on ${hex(behind)}), and ${least}:1 is the least`,
    }
  }

  /** The colour behind the text of `element`; undefined if a picture or a gradient is there. */
  function background(element) {
    const layers = []
    for (let box = element; box; box = box.parentElement) {
      const { ground, image } = getComputedStyleOf(box)
      if (image !== 'none') return undefined
      layers.push(faded(ground, box))
      if (layers.at(-1)[3] === 1) break
    }
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1])
  }

  function getComputedStyleOf(element) {
    const style = getComputedStyle(element)
    return { colour: parse(style.color), ground: parse(style.backgroundColor), image: style.backgroundImage }
  }

  /** The colour with the opacity of `element` and of all that it stands in. */
  function faded([red, green, blue, alpha], element) {
    let opacity = alpha
    for (let box = element; box && box.tagName !== 'foreignObject'; box = box.parentElement) opacity *= getComputedStyle(box).opacity
    return [red, green, blue, opacity]
  }

  const over = (front, behind) => [...[0, 1, 2].map((at) => front[at] * front[3] + behind[at] * (1 - front[3])), 1]

  /** WCAG 2: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
  function contrast(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a)
    return (light + 0.05) / (dark + 0.05)
  }

  function luminance(colour) {
    const [red, green, blue] = colour.slice(0, 3).map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }

  const hex = (colour) => `#${colour.slice(0, 3).map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`

  // Whatever a colour is written as, the browser can paint it.
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
  const parsed = new Map()

  function parse(colour) {
    if (!parsed.has(colour)) {
      canvas.clearRect(0, 0, 1, 1)
      canvas.fillStyle = colour
      canvas.fillRect(0, 0, 1, 1)
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data
      parsed.set(colour, [red, green, blue, alpha / 255])
    }
    return parsed.get(colour)
  }
}
