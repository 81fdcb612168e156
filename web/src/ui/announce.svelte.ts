/** Sentences for everybody, screen readers included: shown for a while at the bottom of the page. */
class Announcer {
  text = $state('')
  private timer: ReturnType<typeof setTimeout> | undefined

  say(text: string): void {
    this.text = text
    clearTimeout(this.timer)
    this.timer = setTimeout(() => (this.text = ''), 6000)
  }
}
export const announce = new Announcer()
