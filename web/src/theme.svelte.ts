/** Light, dark, or as the system has it. */
export type Theme = 'system' | 'light' | 'dark'
const KEPT = 'tripswitch.theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

class Appearance {
  theme = $state<Theme>((localStorage.getItem(KEPT) as Theme | null) ?? 'system')
  private systemIsDark = $state(dark.matches)
  isDark = $derived(this.theme === 'dark' || (this.theme === 'system' && this.systemIsDark))

  constructor() {
    dark.addEventListener('change', () => (this.systemIsDark = dark.matches))
  }

  choose(theme: Theme): void {
    this.theme = theme
    localStorage.setItem(KEPT, theme)
  }
}
export const appearance = new Appearance()
