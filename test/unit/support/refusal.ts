import { DmfdError } from '../../../src/errors.js';

/** The DmfdError that the action throws; anything else, and nothing, is a failure of the test. */
export function refusal(action: () => unknown): DmfdError {
  try {
    action();
  } catch (error) {
    if (error instanceof DmfdError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** As {@link refusal}, of a promise. */
export async function rejection(action: Promise<unknown>): Promise<DmfdError> {
  const outcome = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  return refusal(() => {
    if (outcome !== undefined) throw outcome;
  });
}
