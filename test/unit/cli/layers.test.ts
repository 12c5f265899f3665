import { closeSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkPlaceholders } from '../../../src/cli/plan-command.js';
import { parseWords } from '../../../src/cli/program.js';
import { refusal, rejection } from '../support/refusal.js';
import { inScratchFolder } from '../support/scratch.js';

const output = vi.hoisted(() => {
  // Files of the same process share what they have imported.
  vi.resetModules();
  return { lines: [] as string[] };
});
vi.mock('../../../src/cli/output.js', async (original) => ({
  ...(await original<typeof import('../../../src/cli/output.js')>()),
  printExactly: (...lines: string[]) => {
    output.lines.push(...lines.map((line) => `${line}\n`));
  },
}));

inScratchFolder();
beforeAll(() => {
  for (const name of ['disk.img', 'cow.img', 'base.img']) {
    writeFileSync(name, '');
    truncateSync(name, 1_048_576);
  }
  writeFileSync('key', 'x'.repeat(64));
});
afterAll(() => vi.resetModules());

/** What `dmfd create n WORDS… --dry-run` prints. Nothing of it may be there for the next, which is of the same process. */
async function dryRun(words: readonly string[]): Promise<string> {
  output.lines = [];
  await parseWords(['create', 'n', '--dry-run', ...words]);
  return output.lines.join('');
}

describe('layers in one line', () => {
  test.each<[words: string[], printed: string]>([
    [
      ['--linear', 'disk.img', '--then', '--delay', '{below},read=10'],
      'n-0: 0 2040 linear {loop0} 0\nn-0: 2040 8 linear {loop0} 2040\nn: 0 2048 delay {layer0} 0 10 {layer0} 0 0\n',
    ],
    [
      ['--crypt', 'cow.img', '--then', '--overlay', 'base.img', '--cow', '{below}'],
      'n-0: 0 2048 crypt aes-xts-plain64 {key} 0 {loop0} 0\nn: 0 2048 snapshot {loop0} {layer0} N 8\n',
    ],
    [
      [
        '--loop',
        'disk.img',
        '--table',
        '0 2048 linear {loop0} 0',
        '--then',
        '--loop',
        'cow.img',
        '--table',
        '0 8 mirror {loop0} {below}',
      ],
      'n-0: 0 2040 linear {loop0} 0\nn-0: 2040 8 linear {loop0} 2040\nn: 0 8 mirror {loop0} {layer0}\n',
    ],
    [
      [
        '--zero',
        '8',
        '--then',
        '--linear',
        '{below}',
        '--error',
        '8',
        '--then',
        '--striped',
        '{layer0}',
        '--striped',
        '{below}',
        '--chunk',
        '8',
      ],
      'n-0: 0 8 zero\nn-1: 0 8 linear {layer0} 0\nn-1: 8 8 error\nn: 0 16 striped 2 8 {layer0} 0 {layer1} 0\n',
    ],
    [
      [
        '--crypt',
        'disk.img',
        '--cipher',
        'aes-cbc-essiv:sha256',
        '--key-file',
        'key',
        '--then',
        '--crypt',
        '{below}',
        '--sector-size',
        '4096',
      ],
      'n-0: 0 2048 crypt aes-cbc-essiv:sha256 {key} 0 {loop0} 0\nn: 0 2048 crypt aes-xts-plain64 {key} 0 {layer0} 0 1 sector_size:4096\n',
    ],
    [
      ['--concise', 'a,,,rw,0 8 zero;b,,,rw,0 8 linear /dev/mapper/a 0'],
      'a: 0 8 zero\nn: 0 8 linear {layer0} 0\n',
    ],
    [
      [
        '--concise',
        'a,,,rw,0 {sectors1} linear {loop1} 0;b,,,rw,0 8 mirror {loop0} /dev/mapper/a',
        '--loop',
        'disk.img',
        '--loop',
        'cow.img',
      ],
      'a: 0 2040 linear {loop0} 0\na: 2040 8 linear {loop0} 2040\nn: 0 8 mirror {loop0} {layer0}\n',
    ],
    [
      [
        '--key-file',
        'key',
        '--concise',
        'a,,,rw,0 8 crypt x {key} 0 8:1 0;b,,,rw,0 8 linear /dev/mapper/a 0',
      ],
      'a: 0 8 crypt x {key} 0 8:1 0\nn: 0 8 linear {layer0} 0\n',
    ],
    [
      ['--table', '0 8 zero', '--message', '0 x', '--then', '--linear', '{below}'],
      'n-0: 0 8 zero\nn: 0 8 linear {layer0} 0\n',
    ],
  ])('%j', async (words, printed) => {
    expect(await dryRun(words)).toBe(printed);
  });

  test('and --json lists them', async () => {
    expect(
      JSON.parse(
        await dryRun(['--linear', 'disk.img', '--then', '--delay', '{below},read=1', '--readonly', '--json']),
      ),
    ).toEqual({
      name: 'n',
      table: '0 2048 delay {layer0} 0 1 {layer0} 0 0',
      size: 1_048_576,
      readonly: true,
      loops: [],
      below: [
        {
          name: 'n-0',
          table: '0 2040 linear {loop0} 0\n2040 8 linear {loop0} 2040',
          size: 1_048_576,
          readonly: true,
          loops: [{ file: 'disk.img' }],
        },
      ],
    });
  });
});

describe('a wrong word is named, with what to write', () => {
  const LINEAR = ['--linear', 'disk.img'];
  const asIn = 'as in --linear disk.img --then --delay {below},read=10';
  test.each<[words: string[], message: string, hint?: string]>([
    [['--then', ...LINEAR], '--then: no layer stands before it', `say what it is first, ${asIn}`],
    [[...LINEAR, '--then'], '--then: no layer stands after it', `say what it is, ${asIn}`],
    [[...LINEAR, '--then', '--then', '--linear', '{below}'], '--then: no layer stands before it'],
    [['--message', '0 x', '--then', ...LINEAR], '--then: no layer stands before it'],
    [[...LINEAR, '--then', '--message', '0 x'], '--then: no layer stands after it'],
    [['--message', '0 x'], 'no table was given'],
    [
      [...LINEAR, '--message', 'create_thin 0'],
      '--message: it must be a sector and a text',
      "as in --message '0 create_thin 0': the target at sector 0 is told create_thin 0",
    ],
    [[...LINEAR, '--message', '0'], '--message: it must be a sector and a text'],
    [[...LINEAR, '--message', ''], '--message: it must be a sector and a text'],
    [[...LINEAR, '--message', '-1 x'], '--message: it must be a sector and a text'],
    [[...LINEAR, '--message', '2048 x'], 'message "x": there is no sector 2048, for the device has 2048'],
    [
      ['--linear', '{below}'],
      '{below}: no layer is below',
      'a file of that name is written with its directory: ./{below}',
    ],
    [['--table', '0 8 linear {below} 0'], '{below}: no layer is below'],
    [
      [...LINEAR, '--then', '--linear', '{layer7}'],
      'layer 1: {layer7}: only layer 0 is below',
      'the next one is {below}, the lowest {layer0}',
    ],
    [[...LINEAR, '--then', '--table', '0 8 linear {layer1} 0'], 'layer 1: {layer1}: only layer 0 is below'],
    [
      [...LINEAR, '--then', '--loop', '{below}', '--table', '0 8 linear {loop0} 0'],
      'layer 1: property loop[0] is "{below}": a layer needs no loop device',
    ],
    [
      [...LINEAR, '--then', ...LINEAR],
      'layer 0 (n-0): no layer above names it, and what nothing stands on would go at once',
    ],
    [[...LINEAR, '--chunk', '8', '--then', '--striped', '{below}'], '--chunk is for --striped'],
    [['--striped', 'disk.img', '--then', '--linear', '{below}', '--chunk', '8'], '--chunk is for --striped'],
    [[...LINEAR, '--then', '--cow', '{below}'], '--cow {below}: no --overlay stands before it'],
    [['--overlay', 'base.img', '--then', '--cow', '{below}'], '--cow {below}: no --overlay stands before it'],
    [
      [...LINEAR, '--then', '--linear', '{below},partition=1'],
      'layer 1: linear "{below}": the layer has to be there before this can be told',
    ],
    [
      [...LINEAR, '--then', '--linear', '{below},offset=1M'],
      'layer 1: linear "{below}": the offset is 1048576 bytes, and there are only 1048576',
    ],
    [
      [...LINEAR, '--then', '--linear', '{below}', '--table', '0 8 zero'],
      'layer 1: --linear and --table exclude each other: both say what the device is',
    ],
    [
      [...LINEAR, '--then', '--linear', '{below}', '--key-random', '256'],
      'layer 1: --key-random is for --crypt, or for {key} in a table',
    ],
    [
      ['--linear', 'disk.img,ro', '--then', '--overlay', 'base.img', '--cow', '{below}'],
      'layer 1: cow "{below}": layer 0 is read-only',
    ],
    [
      ['--table-file', '-', '--then', '--table-file', '-'],
      '--table-file -: standard input can be read only once',
    ],
    [['--table-file', '-', '--table-file', '-'], '--table-file -: standard input can be read only once'],
    [
      ['--concise', 'a,,,rw,0 8 zero', '--then', '--linear', '{below}'],
      '--concise and --then exclude each other: --concise says all layers itself',
    ],
    [
      [...LINEAR, '--then', '--concise', 'a,,,rw,0 8 zero'],
      '--concise and --then exclude each other: --concise says all layers itself',
    ],
    [
      ['--concise', 'a,,,rw,0 8 zero;b,,,rw,0 8 zero'],
      'layer 0 (a): no layer above names it, and what nothing stands on would go at once',
    ],
    [
      ['--concise', 'a,,,rw,0 8 zero;b,,,rw,0 8 linear /dev/mapper/a 0', '--loop', 'disk.img'],
      'layer 1: loop file "disk.img": the table does not use it',
    ],
    [
      ['--concise', 'a,,,rw,0 8 zero;b,,,rw,0 8 linear /dev/mapper/a 0', '--key-random', '256'],
      'layer 1: a key was given, but the table does not say {key}',
    ],
    [
      ['--concise', 'a,,,rw,0 8 linear {loop3} 0;b,,,rw,0 8 linear /dev/mapper/a 0', '--loop', 'disk.img'],
      'layer 0: the table says {loop3}, but no loop file was given',
    ],
    [
      ['--concise', 'a,,,rw,0 8 zero;b,,,rw,1 8 linear /dev/mapper/a 0'],
      'layer 1: --concise, device 2, table 1, line 1: it starts at sector 1; a table must start at 0',
    ],
    [
      ['--concise', 'n,,,rw,0 8 zero;b,,,rw,0 8 linear /dev/mapper/n 0'],
      'layers 0 and 1 have the same name "n"',
    ],
  ])('%j', async (words, message, hint) => {
    const error = await rejection(dryRun(words));
    expect(error).toMatchObject({ kind: 'usage', message });
    if (hint !== undefined) expect(error.hint).toBe(hint);
    expect(output.lines).toEqual([]);
  });

  test('two layers with one descriptor as their key', async () => {
    const fd = openSync('key', 'r');
    const crypt = (path: string) => ['--crypt', path, '--key-fd', String(fd)];
    const error = await rejection(dryRun([...crypt('disk.img'), '--then', ...crypt('{below}')]));
    expect(error.message).toBe(`--key-fd ${fd}: two layers have it, and it can be read only once`);
    closeSync(fd);
  });

  test.each<[words: string[], layers: number, message: string | undefined]>([
    [['{path:0}', '{name:1}', '{fd:1}', '{fd}'], 2, undefined],
    [['{path:2}'], 2, '{path:2}: the layers are 0 to 1'],
    [['x={dev:9}y'], 3, '{dev:9}: the layers are 0 to 2'],
    [['{fd:0}'], 2, '{fd:0}: only the top layer, {fd}, has a descriptor'],
    // Without layers, such braces are somebody else's.
    [['{name:10}'], 1, undefined],
    [['{frob:3} {} {path:x}'], 2, undefined],
  ])('placeholders %j in %i layers', (words, layers, message) => {
    const command = { file: 'x', words, environment: [], fd: 3, placeholders: true };
    const check = () => checkPlaceholders(command, layers);
    if (message === undefined) expect(check).not.toThrow();
    else
      expect(refusal(check)).toMatchObject({ message, hint: expect.stringContaining('--no-placeholders') });
    expect(() => checkPlaceholders({ ...command, placeholders: false }, layers)).not.toThrow();
  });
});
