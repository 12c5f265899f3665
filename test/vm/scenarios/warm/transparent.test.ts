import { served } from './served.js';
// The same tests, served.
import '../transparent.test.js';

served(8);
