import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './vm/harness/checkout.js';

const PAGES = ['README.md', 'docs/library.md'];

/** Compiles each example of the library that is in a document into `build/test/FOLDER`; they are programs for Node 20 then. */
export function compileExamples(folder: string): { page: string; program: string }[] {
  const place = join(checkout, 'build/test', folder);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const examples = PAGES.flatMap((page) => {
    const text = readFileSync(join(checkout, page), 'utf8');
    return [...text.matchAll(/^```(?:ts|js)\n(.*?)^```$/gms)].map(([, code = '']) => ({ page, code }));
  }).map(({ page, code }, index) => {
    writeFileSync(join(place, `example-${index}.ts`), withImport(code));
    return { page, program: join(place, `example-${index}.js`) };
  });
  const configuration = {
    extends: join(checkout, 'tsconfig.json'),
    compilerOptions: { rootDir: '.', outDir: '.', declaration: false },
    include: ['*.ts'],
    exclude: [],
  };
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(configuration));
  execFileSync(join(checkout, 'node_modules/.bin/tsc'), ['-p', place], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return examples;
}

/** A page imports once, and goes on. */
function withImport(code: string): string {
  return code.includes("from 'dmfd'") ? code : `import { createDevice } from 'dmfd';\n${code}`;
}
