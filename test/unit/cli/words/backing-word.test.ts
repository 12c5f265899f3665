import { describe, expect, test } from 'vitest';
import type { Backing } from '../../../../src/backing/request.js';
import { parseBacking } from '../../../../src/cli/words/backing-word.js';
import { refusal } from '../../support/refusal.js';

describe('what a word says of a backing', () => {
  test.each<[word: string, backing: Backing]>([
    ['d', { path: 'd' }],
    ['d,offset=8', { path: 'd', offset: 4096n }],
    ['d,offset=37B', { path: 'd', offset: 37n }],
    ['d,offset=0', { path: 'd', offset: 0n }],
    ['d,size=1M', { path: 'd', size: 1_048_576n }],
    ['d,size=1024B', { path: 'd', size: 1024n }],
    ['d,partition=2', { path: 'd', partition: 2 }],
    ['d,partition=root', { path: 'd', partition: 'root' }],
    ['d,partition=two,, three', { path: 'd', partition: 'two, three' }],
    ['d,ro', { path: 'd', readOnly: true }],
    ['d,sector-size=4096,direct-io', { path: 'd', sectorSize: 4096, directIo: true }],
  ])('%j', (word, backing) => {
    expect(parseBacking('--x', word)).toEqual(backing);
  });

  test.each<[word: string, message: RegExp]>([
    ['d,offset=x', /^--x d,offset=x: offset=x: it must be a number of sectors, or of bytes with a unit$/],
    ['d,offset=-1', /offset=-1: it must be a number of sectors/],
    ['d,offset=1MB', /offset=1MB: it must be a number of sectors/],
    ['d,size=37B', /size=37B: it is no whole sectors of 512 bytes$/],
    ['d,sector-size=4096,size=1K', /size=1K: it is no whole sectors of 4096 bytes$/],
    ['d,size=0', /size=0: it must be more than 0$/],
    ['d,sector-size=513', /sector-size=513: it must be 512, 1024, 2048 or 4096 bytes$/],
    ['d,sector-size=8K', /sector-size=8K: it must be 512/],
    ['d,direct-io=on', /direct-io takes no value$/],
  ])('%j is refused', (word, message) => {
    expect(refusal(() => parseBacking('--x', word)).message).toMatch(message);
  });
});
