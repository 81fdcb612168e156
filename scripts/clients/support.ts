// What both programs in TypeScript need.
declare global {
  // All of Node's types would be one more package.
  const process: { argv: string[] };
}

/** `true` as a type, where both are the same one; `any` is the same as itself alone. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export const conversation = (n: number): string => `0191b5a2-7c3e-7d11-9f00-0000000000b${n}`;

/** Fails unless both are the same as JSON. */
export function is<T>(found: T, wanted: T): void {
  const [got, expected] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (got !== expected) throw new Error(`${got}, not ${expected}`);
}
