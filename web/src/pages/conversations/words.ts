/** How sure a score is, in words: which of them fits a confidence from 0 to 1. */
export const sureness = (confidence: number) => (confidence >= 0.8 ? 'enough' : confidence >= 0.6 ? 'some' : 'little')

/** A name within a sentence, between marks that let it keep its own direction. */
export const isolated = (name: string) => `\u2068${name}\u2069`
