import { openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Canceled } from '../../../src/kernel/cancellation.js';
import { Kernel, operate } from '../../../src/kernel/kernel.js';
import type { Step } from '../../../src/kernel/step.js';
import { refusal } from '../support/refusal.js';

const boom = new Error('boom');

/** What the action throws. */
function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('it threw nothing');
}

describe('a call', () => {
  test('is told, and returns what it returned', () => {
    const steps: Step[] = [];
    const kernel = new Kernel((step) => steps.push(step));
    expect(kernel.call('try', () => -2)).toBe(-2);
    expect(kernel.call('try again', () => 5)).toBe(5);
    expect(new Kernel().call('untold', () => 7)).toBe(7);
    expect(steps).toEqual([
      { what: 'try', result: 'ENOENT', nanoseconds: expect.any(Number) },
      { what: 'try again', result: 'ok', nanoseconds: expect.any(Number) },
    ]);
    expect(steps[0]?.nanoseconds).toBeGreaterThan(0);
  });

  test.each([
    [0, 'ok'],
    [7, 'ok'],
    [-16, 'EBUSY'],
    [-95, 'EOPNOTSUPP'],
  ])('with the result %i is told as %s', (result, told) => {
    const steps: Step[] = [];
    new Kernel((step) => steps.push(step)).call('try', () => result);
    expect(steps.map((step) => step.result)).toEqual([told]);
  });

  test("returns the errno of an error of Node's, and tells it", () => {
    const steps: Step[] = [];
    const kernel = new Kernel((step) => steps.push(step));
    expect(kernel.call('open', () => openSync('/nonexistent/file', 'r'))).toBe(-2);
    expect(kernel.call('read', () => openSync('/', 'r+'))).toBe(-21);
    expect(steps.map(({ result }) => result)).toEqual(['ENOENT', 'EISDIR']);
  });

  test('throws what is no errno', () => {
    const kernel = new Kernel();
    expect(
      thrownBy(() =>
        kernel.call('try', () => {
          throw boom;
        }),
      ),
    ).toBe(boom);
  });
});

describe('a call that must work', () => {
  test('returns what it returned', () => {
    expect(new Kernel().must('try', () => 3)).toBe(3);
  });

  test('throws every errno as an error that says what was asked, and tells it before', () => {
    const steps: string[] = [];
    const kernel = new Kernel(({ what, result }) => steps.push(`${what}: ${result}`));
    expect(refusal(() => kernel.must('TRY_IT', () => -16))).toMatchObject({
      code: 'kernel-refused',
      kind: 'kernel',
      message: 'TRY_IT: EBUSY, resource busy or locked',
      operation: 'TRY_IT',
      errno: 'EBUSY',
    });
    expect(steps).toEqual(['TRY_IT: EBUSY']);
  });

  test.each([
    [-1, 'EPERM'],
    [-13, 'EACCES'],
  ])('is a matter of privilege with %i', (result, errno) => {
    const error = refusal(() => new Kernel().must('TRY', () => result));
    expect(error).toMatchObject({ code: 'not-permitted', kind: 'privilege', errno });
  });

  test('throws it with the words that it was given', () => {
    const failure = { code: 'node-missing', subject: 'device mine', device: 'mine', hint: 'do' } as const;
    expect(refusal(() => new Kernel().must('TRY', () => -1, failure))).toMatchObject({
      code: 'node-missing',
      message: 'device mine: TRY: EPERM, operation not permitted',
      device: 'mine',
      hint: 'do',
    });
    expect(new Kernel().failure('TRY', -1, { said: 'it is so' }).message).toBe('it is so');
  });
});

describe('a listener that throws', () => {
  /** Throws every time, and counts. */
  function throwing(): { listener: () => void; times: () => number } {
    let times = 0;
    const listener = (): void => {
      times++;
      throw times === 1 ? boom : new Error('another');
    };
    return { listener, times: () => times };
  }

  test('does not stop the work, and is told nothing more', () => {
    const { listener, times } = throwing();
    const kernel = new Kernel(listener);
    expect(kernel.thrown).toBeUndefined();
    expect(kernel.call('one', () => 1)).toBe(1);
    expect(kernel.call('two', () => 2)).toBe(2);
    expect(times()).toBe(1);
    expect(kernel.thrown).toEqual({ error: boom });
  });

  test('has its error thrown when the operation is done and was undone', () => {
    const { listener } = throwing();
    const order: string[] = [];
    const work = (kernel: Kernel) => {
      kernel.call('one', () => 0);
      kernel.call('two', () => 0);
      order.push('worked');
      return 'made';
    };
    const undo = (made: string, kernel: Kernel) => {
      kernel.call('undo', () => 0);
      order.push(`undone: ${made}`);
    };
    expect(thrownBy(() => operate(listener, undefined, work, undo))).toBe(boom);
    expect(order).toEqual(['worked', 'undone: made']);
  });

  test('has its error thrown where there is nothing to undo, whatever it is', () => {
    const work = (kernel: Kernel) => kernel.call('one', () => 0);
    const throwNothing = () => {
      throw undefined;
    };
    let caught: { error: unknown } | undefined;
    try {
      operate(throwNothing, undefined, work);
    } catch (error) {
      caught = { error };
    }
    expect(caught).toEqual({ error: undefined });
  });
});

describe('an operation', () => {
  test('returns what it made, and undoes nothing', () => {
    const steps: string[] = [];
    const work = (kernel: Kernel) => kernel.call('one', () => 4);
    const undo = () => steps.push('undone');
    expect(operate(({ what }) => steps.push(what), undefined, work, undo)).toBe(4);
    expect(steps).toEqual(['one']);
  });

  test('that fails has made nothing that could be undone', () => {
    const steps: string[] = [];
    const undo = () => steps.push('undone');
    const work = (kernel: Kernel): number => kernel.must('TRY', () => -5);
    expect(refusal(() => operate(undefined, undefined, work, undo)).errno).toBe('EIO');
    expect(steps).toEqual([]);
  });
});

describe('a pause', () => {
  test('takes its time', () => {
    const start = performance.now();
    new Kernel().pause(30);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  test('of an operation that was canceled ends at once', () => {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const kernel = new Kernel(undefined, { flag, event: -1 });
    kernel.pause(1);
    Atomics.store(flag, 0, 1);
    const start = performance.now();
    expect(() => kernel.pause(60_000)).toThrow(Canceled);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

test('when the listener threw and the operation fails, too, the error of the listener is the first', () => {
  const listener = () => {
    throw boom;
  };
  const failing = () => operate(listener, undefined, (kernel) => kernel.must('try', () => -16));
  expect(thrownBy(failing)).toBe(boom);
});
