// CommonJS (see package.json beside it): Node's loader of modules alone would cost a tenth of a start.
require('../dist/command/dmfd.cjs').main(process.argv.slice(2));
