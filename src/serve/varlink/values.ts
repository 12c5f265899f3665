import { isObject } from '../../properties.js';
import type { Fields, Interface, Type } from './description.js';

/** A value that is not of its type. */
export class WrongValue extends Error {
  /** Which one: `segments[0].size`. */
  readonly where: string;

  constructor(where: string) {
    super(where);
    this.where = where;
  }
}

/**
 * The parameters, without what is null: that is as good as absent.
 *
 * @throws WrongValue for a field that is missing, of another type, or that there is none of
 */
export function checkFields({ types }: Pick<Interface, 'types'>, fields: Fields, value: unknown): object {
  return struct(types, fields, value, '');
}

type Types = Interface['types'];

function check(types: Types, type: Type, value: unknown, where: string): unknown {
  switch (type.kind) {
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'string':
      // What is no UTF-8 would become another text.
      if (typeof value === 'string' && value.isWellFormed()) return value;
      break;
    case 'int':
      // What JSON.parse() has rounded, was another number.
      if (Number.isSafeInteger(value)) return value;
      break;
    case 'enum':
      if (type.words.some((word) => word === value)) return value;
      break;
    case 'maybe':
      return value === null || value === undefined ? undefined : check(types, type.of, value, where);
    case 'array':
      if (Array.isArray(value)) {
        return value.map((member, index) => check(types, type.of, member, `${where}[${index}]`));
      }
      break;
    case 'struct':
      return struct(types, type.fields, value, where);
    case 'named': {
      const named = types.get(type.name);
      if (named === undefined) throw new Error(`there is no type ${type.name}`);
      return check(types, named, value, where);
    }
  }
  throw new WrongValue(where);
}

function struct(types: Types, fields: Fields, value: unknown, where: string): object {
  if (!isObject(value)) throw new WrongValue(where);
  const full = (name: string) => (where === '' ? name : `${where}.${name}`);
  const unknown = Object.keys(value).find((name) => !fields.has(name));
  if (unknown !== undefined) throw new WrongValue(full(unknown));
  const members = [...fields].map(([name, type]) => {
    const member = Object.hasOwn(value, name) ? value[name] : undefined;
    return [name, check(types, type, member, full(name))] as const;
  });
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}
