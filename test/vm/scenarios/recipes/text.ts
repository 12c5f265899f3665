import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../harness/checkout.js';

/** The recipe of docs/recipes.md under this heading: a shell script. */
export function recipeText(heading: string): string {
  const text = recipeTexts().get(heading);
  if (text === undefined) throw new Error(`docs/recipes.md has no recipe "${heading}"`);
  return text;
}

/** All of them: their shell scripts, by their headings. */
export function recipeTexts(): Map<string, string> {
  const page = readFileSync(join(checkout, 'docs/recipes.md'), 'utf8');
  const texts = new Map<string, string>();
  for (const part of page.split(/^## /m).slice(1)) {
    const heading = part.slice(0, part.indexOf('\n'));
    if (texts.has(heading)) throw new Error(`docs/recipes.md has two recipes "${heading}"`);
    texts.set(heading, onlyBlock(heading, part));
  }
  return texts;
}

function onlyBlock(heading: string, part: string): string {
  const [block, ...others] = [...part.matchAll(/^```(.*)\n((?:.*\n)*?)```$/gm)];
  if (block?.[1] !== 'sh' || block[2] === undefined || others.length > 0)
    throw new Error(`the recipe "${heading}" in docs/recipes.md has to have one block, of sh`);
  return block[2];
}
