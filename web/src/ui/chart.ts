/** What a chart draws over its lines: levels, and marks with the numbers that its list has. Names stand beside it. */
import type uPlot from 'uplot'

/** `colour` names a custom property of styles/base.css; `dash` tells lines apart without colours. */
export type Line = { label: string; values: (number | null)[]; colour: string; dash?: number[]; width?: number }
export type Level = { label: string; value: number; colour: string }
/** `at` in seconds since 1970. */
export type Mark = { at: number; label: string; href?: string }

/** With more marks than this their numbers would lie over each other. */
const NUMBERED = 24
const LINE = 14
const LEVEL_DASH = [4, 4]

export function draw(plot: uPlot, levels: Level[], marks: Mark[], colourOf: (name: string) => string): void {
  const { ctx } = plot
  ctx.save()
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`
  ctx.lineWidth = devicePixelRatio
  drawLevels(plot, levels, colourOf)
  drawMarks(plot, marks, colourOf('bad'))
  ctx.restore()
}

function drawLevels({ ctx, bbox, valToPos }: uPlot, levels: Level[], colourOf: (name: string) => string): void {
  ctx.setLineDash(LEVEL_DASH.map((length) => length * devicePixelRatio))
  for (const { value, colour } of levels) {
    const y = Math.round(valToPos(value, 'y', true))
    ctx.strokeStyle = colourOf(colour)
    stroke(ctx, bbox.left, y, bbox.left + bbox.width, y)
  }
}

/** Numbers of marks that are close to each other stand one below the other. */
function drawMarks({ ctx, bbox, valToPos }: uPlot, marks: Mark[], colour: string): void {
  const unit = devicePixelRatio
  ctx.setLineDash([])
  ctx.strokeStyle = ctx.fillStyle = colour
  let [before, row] = [-Infinity, 0]
  marks.forEach(({ at }, index) => {
    const x = Math.round(valToPos(at, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) return
    stroke(ctx, x, bbox.top, x, bbox.top + bbox.height)
    row = x - before < 40 * unit ? row + 1 : 0
    before = x
    const text = marks.length > NUMBERED ? '■' : `■ ${index + 1}`
    // At the right edge the number stands before its line.
    const isLast = x + 30 * unit > bbox.left + bbox.width
    ctx.textAlign = isLast ? 'right' : 'left'
    ctx.fillText(text, x + (isLast ? -3 : 3) * unit, bbox.top + (10 + LINE * (row % 6)) * unit)
  })
}

function stroke(ctx: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  ctx.beginPath()
  ctx.moveTo(x, y)
  ctx.lineTo(toX, toY)
  ctx.stroke()
}
