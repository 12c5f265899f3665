declare const terminated: unique symbol;

/** A text as C takes it, with a NUL at its end: what lacks one would be read beyond. Only {@link cString} makes it. */
export type CString = Buffer & { readonly [terminated]: true };

/** @param encoding `latin1` for bytes that need not be UTF-8 */
export function cString(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): CString {
  return Buffer.from(`${text}\0`, encoding) as CString;
}
