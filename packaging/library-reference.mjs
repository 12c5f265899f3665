/**
 * Prints a page of what the library exports, with the comments of the source, from the declarations that `make build` has made
 * of it.
 */
import { readFileSync } from 'node:fs';

const dist = new URL('../dist/types/', import.meta.url);

/** What the package exports, with the declarations that stand beside each in its file. */
const exported = readExports().sort((one, other) => (one.name < other.name ? -1 : 1));
const names = new Set(exported.map(({ name }) => name));

process.stdout.write(`# Reference of the library

What dmfd's library exports, made of the comments in the source; [the library](library.md) is the introduction. Sizes and offsets are bytes unless their comment says otherwise, and \`bigint\` where they have 64 bits.
`);
for (const [kind, title] of [
  ['function', 'Functions'],
  ['class', 'Classes'],
  ['type', 'Types'],
]) {
  process.stdout.write(`\n## ${title}\n`);
  for (const declaration of exported.filter((one) => one.kind === kind))
    process.stdout.write(section(declaration));
}

function readExports() {
  const index = readFileSync(new URL('index.d.ts', dist), 'utf8');
  return [...index.matchAll(/^export (?:type )?\{([^}]*)\} from '(.*)\.js';$/gm)].flatMap(
    ([, list, file]) => {
      const declarations = readDeclarations(`${file}.d.ts`);
      return list.match(/(?!type\b)\b\w+/g).map((name) => {
        const declaration = declarations.find((one) => one.name === name);
        if (declaration === undefined) throw new Error(`${file}.d.ts does not declare ${name}`);
        return { ...declaration, beside: declarations };
      });
    },
  );
}

/** What stands at the top of a declaration file, each with the comment before it. The compiler indents all else. */
function readDeclarations(file) {
  const text = readFileSync(new URL(file, dist), 'utf8');
  const pieces = text.split(/^(?=\/\*\*|(?:export|declare|interface|type|import)\b)/m);
  return pieces.flatMap((piece, index) => {
    const [, kind, name] =
      /^(?:export )?(?:declare )?(function|class|interface|type|const) (\w+)/.exec(piece) ?? [];
    if (name === undefined) return [];
    if (!/[;}]\s*$/.test(piece)) throw new Error(`${file}: ${name} ends in the middle`);
    const before = pieces[index - 1] ?? '';
    return [
      {
        name,
        kind: kind === 'function' || kind === 'class' ? kind : 'type',
        comment: before.startsWith('/**') ? before : '',
        text: piece.trim(),
      },
    ];
  });
}

function section({ name, comment, text, beside }) {
  // What it is made of, and what nobody can import, stands below it.
  const words = new Set(text.replace(/\/\*.*?\*\//gs, '').match(/\w+/g));
  const parts = beside.filter((one) => words.has(one.name) && !names.has(one.name));
  const code = [text, ...parts.map((part) => part.text)].map(readable).join('\n\n');
  return `\n### ${name}\n\n${prose(comment)}\`\`\`ts\n${code}\n\`\`\`\n`;
}

/** A declaration as it is shown: nothing private, and no links in its comments. */
function readable(text) {
  return text
    .replace(/^export (declare )?|^declare /gm, '')
    .replace(/^ +#private;\n/gm, '')
    .replace(/^( {4})+/gm, (indent) => indent.slice(indent.length / 2))
    .replace(/\{@link (?:[^}|]*\| )?([^}]*)\}/g, '$1');
}

function prose(comment) {
  const text = comment
    .replace(/^\/\*\*|\s*\*\/\s*$/g, '')
    .replace(/^ \* ?/gm, '')
    .replace(/\{@link ([^}|\s]*)(?: \| ([^}]*))?\}/g, (_, target, words) => {
      const label = words ?? `\`${target}\``;
      const [top] = target.split('.');
      return names.has(top) ? `[${label}](#${top.toLowerCase()})` : label;
    })
    .replace(/^@param (\w+)/gm, '\n`$1`:')
    .replace(/\s*@returns /g, '\n\nReturns ')
    .replace(/\s*@throws DmfdError /g, '\n\nThrows a [`DmfdError`](#dmfderror): ')
    .trim();
  return text === '' ? '' : `${text}\n\n`;
}
