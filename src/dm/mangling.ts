/**
 * Names as libdevmapper writes them: it gives the kernel only letters, digits and a few signs, and every other byte as
 * `\xHH`. What dmfd names so, dmsetup finds, and shows it with its own characters, as dmfd does.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';

const PLAIN = /[0-9A-Za-z#+\-.:=@_]/;
/** Of nearly all names; to look at each of their bytes takes longer than all else that is checked of a request. */
const ALL_PLAIN = /^[0-9A-Za-z#+\-.:=@_]*$/;
const HEX = /\\x([0-9a-fA-F]{2})/g;

/** The form of a name that the kernel is given. */
export function mangle(name: string): string {
  return ALL_PLAIN.test(name) ? name : mangleBytes(Buffer.from(name));
}

/** Whether all of a text is what {@link mangle} leaves as it is, or written as `\xHH`. */
export function isMangled(text: string): boolean {
  return ALL_PLAIN.test(text.replace(HEX, ''));
}

/** The name that a text stands for which may be mangled; undefined when that is not UTF-8. */
export function unmangle(text: string): string | undefined {
  return ALL_PLAIN.test(text) ? text : decode(unmangleBytes(Buffer.from(text)));
}

/** Whether a word means the name, which it may have in the form that dmsetup writes: with `\xHH` for most characters. */
export function means(word: string, name: string): boolean {
  return word === name || unmangle(word) === name;
}

/** The form of the kernel's name that is shown: one that is no text, or has control characters, as it is mangled. */
export function showName(bytes: Buffer): string {
  const plain = unmangleBytes(bytes);
  const text = decode(plain);
  return text === undefined || /\p{Cc}/u.test(text) ? mangleBytes(plain) : text;
}

function mangleBytes(bytes: Buffer): string {
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return PLAIN.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

function unmangleBytes(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(HEX, (_, digits) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
  return Buffer.from(text, 'latin1');
}

function decode(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString() : undefined;
}
