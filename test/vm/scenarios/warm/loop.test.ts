import { served } from './served.js';
// The same tests, served.
import '../loop.test.js';

served(6);
