// A picture for a dark room: every colour turned over in its lightness, and left in its hue. What was legible stays so.

/** What white and black become, in the lightness of OKLab. */
const white = 0.21
const black = 0.97

/** The SVG with its colours, which are written as `#rrggbb` or `#rgb`, turned over. */
export const darkened = (svg) =>
  svg.replace(/#(?:[0-9a-f]{6}|[0-9a-f]{3})\b/gi, (colour) => turnedOver(colour))

function turnedOver(colour) {
  const [lightness, a, b] = toOklab(channels(colour))
  return toHex(toRgb([black - lightness * (black - white), a, b]))
}

/** Red, green and blue, 0 to 1. */
function channels(colour) {
  const digits = colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit) : colour.slice(1).match(/../g)
  return digits.map((pair) => parseInt(pair, 16) / 255)
}

const toHex = (rgb) => `#${rgb.map((part) => Math.round(Math.min(1, Math.max(0, part)) * 255).toString(16).padStart(2, '0')).join('')}`

const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
const gamma = (part) => (part <= 0.0031308 ? part * 12.92 : 1.055 * Math.max(0, part) ** (1 / 2.4) - 0.055)

// The matrices are those of OKLab's definition: https://bottosson.github.io/posts/oklab/
const times = (matrix, vector) => matrix.map((row) => row.reduce((sum, factor, at) => sum + factor * vector[at], 0))

function toOklab(rgb) {
  const cones = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], rgb.map(linear))
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], cones.map(Math.cbrt))
}

function toRgb(lab) {
  const cones = times([[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]], lab)
  const rgb = times([[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965], [-0.0041960863, -0.7034186147, 1.707614701]], cones.map((root) => root ** 3))
  return rgb.map(gamma)
}
