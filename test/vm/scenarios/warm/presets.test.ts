import { served } from './served.js';
// The same tests, served.
import '../presets.test.js';

served(12);
