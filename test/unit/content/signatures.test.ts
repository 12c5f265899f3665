import { describe, expect, test } from 'vitest';
import { HEAD, TAIL } from '../../../src/content/find.js';
import {
  chance,
  extent,
  matches,
  number,
  placeIn,
  type Signature,
  text,
} from '../../../src/content/signature.js';
import { SIGNATURES } from '../../../src/content/signatures.js';
import { testsAll } from '../../vm/default-set.js';

/** Any size that is whole sectors. */
const BYTES = 2n ** 26n + 512n;
const LIMIT = 2 ** -32;

const named = (signature: Signature): string => `${signature.what}, ${signature.places.length} places`;

/** Marsaglia's xorshift, 32 bits: the same bytes in every run. */
function randomBytes(count: number, seed: number): Buffer {
  const words = new Uint32Array(count / 4);
  let state = seed;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return Buffer.from(words.buffer);
}

describe('in random bytes', () => {
  test.each(SIGNATURES.map((signature) => [named(signature), signature] as const))(
    'the chance of %s is below 2^-32',
    (_, signature) => {
      expect(chance(signature)).toBeLessThan(LIMIT);
      // What makes the chances of its checks multiply: no byte is looked at twice.
      const bytes = signature.checks.flatMap(({ at, size }) =>
        Array.from({ length: size }, (_, index) => at + index),
      );
      expect(new Set(bytes).size).toBe(bytes.length);
    },
  );

  test('so is that of all of them together', () => {
    expect(SIGNATURES.reduce((sum, signature) => sum + chance(signature), 0)).toBeLessThan(LIMIT);
  });

  test('no header of a million has any (in `make test` of 200,000)', { timeout: 300_000 }, () => {
    const headers = testsAll ? 1_000_000 : 200_000;
    const pool = randomBytes(2 ** 24, 0x2545f491);
    // All places of a backing that is not much longer than what is looked at.
    const bytes = BigInt(HEAD + TAIL);
    const looks = SIGNATURES.flatMap((signature) =>
      signature.places.map((place) => ({ signature, at: Number(placeIn(bytes, place)) })),
    );
    const found: string[] = [];
    for (let header = 0; header < headers; header++) {
      // Another start in the pool, odd ones too, makes another header.
      const start = (header * 7919) % (pool.length - Number(bytes));
      for (const { signature, at } of looks) {
        if (matches(signature, pool, start + at)) found.push(signature.what);
      }
    }
    expect(found).toEqual([]);
  });

  test('a check passes as often as it says', () => {
    const pool = randomBytes(2 ** 20, 88_675_123);
    const count = (signature: Pick<Signature, 'checks' | 'places'>) => {
      let passed = 0;
      for (let at = 0; at + 4 <= pool.length; at += 4)
        if (matches({ what: '', ...signature }, pool, at)) passed++;
      return passed / (pool.length / 4);
    };
    for (const checks of [
      [number(0, 'u8', [0, 0x80])],
      [number(1, 'u16le', { from: 0, to: 4095 })],
      [number(0, 'u16be', [1, 2, 3, 4]), number(2, 'u8', { from: 0, to: 127 })],
      [text(2, 'a', 'b')],
    ]) {
      const expected = chance({ what: '', places: [0], checks });
      expect(count({ places: [0], checks }) / expected).toBeGreaterThan(0.5);
      expect(count({ places: [0], checks }) / expected).toBeLessThan(2);
    }
  });
});

test('every place is within what is read', () => {
  for (const signature of SIGNATURES) {
    for (const place of signature.places) {
      if (typeof place === 'number') {
        expect(place + extent(signature)).toBeLessThanOrEqual(HEAD);
        continue;
      }
      for (const bytes of [BYTES, BYTES + 65_024n, 2n ** 40n]) {
        const behind = bytes - placeIn(bytes, place);
        expect(behind).toBeLessThanOrEqual(BigInt(TAIL));
        expect(behind).toBeGreaterThanOrEqual(BigInt(extent(signature)));
      }
    }
  }
});
