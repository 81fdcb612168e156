/** Moves the focus to the page's heading, where what had it is gone. */
export const toTitle = () => document.getElementById('page-title')?.focus({ preventScroll: true })
