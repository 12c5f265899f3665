import { served } from './served.js';
// The same tests, served.
import '../layers.test.js';

served(22);
