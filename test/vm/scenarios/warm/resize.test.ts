import { served } from './served.js';
// The same tests, served.
import '../resize.test.js';

served(10);
