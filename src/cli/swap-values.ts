import type { Discard } from '../swap/request.js';
import { usageError } from './usage-error.js';

export function parseDiscard(value: string): Discard {
  if (value === 'once' || value === 'pages' || value === 'both') return value;
  throw usageError(`--discard=${value}: it must be --discard, --discard=once or --discard=pages`);
}
