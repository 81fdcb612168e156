/** What a chart draws over its lines: levels, and marks with the numbers that its list has. */
import type uPlot from 'uplot'

/** `colour` names a custom property of app.css; `dash` tells lines apart without colours. */
export type Line = { label: string; values: (number | null)[]; colour: string; dash?: number[]; width?: number }
export type Level = { label: string; value: number; colour: string }
/** `at` in seconds since 1970. */
export type Mark = { at: number; label: string; href?: string }

/** With more marks than this their numbers would lie over each other. */
const NUMBERED = 24

export function draw(plot: uPlot, levels: Level[], marks: Mark[], colourOf: (name: string) => string): void {
  const { ctx, bbox } = plot
  const unit = devicePixelRatio
  ctx.save()
  ctx.font = `${11 * unit}px system-ui, sans-serif`
  ctx.lineWidth = unit
  ctx.textAlign = 'left'
  ctx.setLineDash([4 * unit, 4 * unit])
  for (const { label, value, colour } of levels) {
    const y = Math.round(plot.valToPos(value, 'y', true))
    ctx.strokeStyle = ctx.fillStyle = colourOf(colour)
    stroke(ctx, bbox.left, y, bbox.left + bbox.width, y)
    ctx.fillText(label, bbox.left + 4 * unit, y - 4 * unit)
  }
  ctx.setLineDash([])
  ctx.strokeStyle = ctx.fillStyle = colourOf('bad')
  marks.forEach(({ at }, index) => {
    const x = Math.round(plot.valToPos(at, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) return
    stroke(ctx, x, bbox.top, x, bbox.top + bbox.height)
    const text = marks.length > NUMBERED ? '■' : `■ ${index + 1}`
    // At the right edge the number stands before its line.
    const isLast = x + 30 * unit > bbox.left + bbox.width
    ctx.textAlign = isLast ? 'right' : 'left'
    ctx.fillText(text, x + (isLast ? -3 : 3) * unit, bbox.top + (10 + 12 * (index % 2)) * unit)
  })
  ctx.restore()
}

function stroke(ctx: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  ctx.beginPath()
  ctx.moveTo(x, y)
  ctx.lineTo(toX, toY)
  ctx.stroke()
}
