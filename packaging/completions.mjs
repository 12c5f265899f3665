/**
 * Writes the completions of bash, zsh and fish, made of the definitions of the commands: node packaging/completions.mjs FOLDER
 * `make build` has to have run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program } from '../dist/cli/program.js';

const PLACEHOLDERS = ['{path}', '{fd}', '{dev}', '{name}', '{diskseq}'];

/** Of options that take one of a few words, which their descriptions name. */
const CHOICES = { '--mode': ['auto', 'atomic', 'fallback'], '--udev': ['quiet', 'full', 'none'] };

/** A loop of fish's, unlike its commands, may have a pattern that nothing matches. */
const FISH_DEVICES = 'for name in /sys/block/dm-*/dm/name; cat $name; end';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node packaging/completions.mjs FOLDER');
const commands = program().commands.map(describe);
for (const [path, text] of [
  ['bash/dmfd', bash()],
  ['zsh/_dmfd', zsh()],
  ['fish/dmfd.fish', fish()],
]) {
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** What is needed of a command: its options, and what its first argument names. */
function describe(command) {
  const visible = command.options.filter(({ hidden }) => !hidden);
  return {
    name: command.name(),
    description: command.description().split('\n')[0],
    argument: kindOf(command.registeredArguments[0]?.name() ?? ''),
    options: [
      ...visible.map(({ short, long, required, flags, description, argChoices }) => ({
        short,
        long,
        takesValue: required,
        kind: kindOf(flags),
        choices: argChoices ?? choicesIn(long, description),
        description: description.replace(/ \((default|repeatable)[^)]*\)$/, ''),
      })),
      { short: '-h', long: '--help', takesValue: false, kind: '', choices: [], description: 'print help' },
    ],
  };
}

/** Whether a value names a file or a device, by the word that stands for it in the help. */
function kindOf(word) {
  if (/FILE|PATH|BACKING|BASE|DATA|SOCKET/i.test(word)) return 'file';
  if (word === 'DEVICE') return 'device';
  return '';
}

function choicesIn(long, description) {
  const choices = CHOICES[long] ?? [];
  return choices.every((word) => description.includes(word)) ? choices : [];
}

function bash() {
  const cases = commands
    .map(
      ({ name, options, argument }) => `    ${name})
      options='${options.flatMap(({ short, long }) => [short, long].filter(Boolean)).join(' ')}'
      files='${filesAfter(options)}'
      argument='${argument}'
      ;;`,
    )
    .join('\n');
  return `# bash completion for dmfd. Made of the definitions of its commands.
_dmfd() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} options files argument i
  for ((i = 2; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -- ]] || continue
    if [[ $word == '{'* ]]; then
      COMPREPLY=($(compgen -W '${PLACEHOLDERS.join(' ')}' -- "$word"))
    elif ((COMP_CWORD == i + 1)); then
      COMPREPLY=($(compgen -c -- "$word"))
    else
      compopt -o default
    fi
    return
  done
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help --help --version' -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${cases}
    *) return ;;
  esac
${Object.entries(CHOICES)
  .map(
    ([long, words], index) => `  ${index === 0 ? 'if' : 'elif'} [[ $before == ${long} ]]; then
    COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word"))`,
  )
  .join('\n')}
  elif [[ " $files " == *" $before "* || ($argument == file && $word != -*) ]]; then
    compopt -o default
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [[ $argument == device ]]; then
    COMPREPLY=($(compgen -W "$(cat /sys/block/dm-*/dm/name 2>/dev/null)" -- "$word"))
  fi
}
complete -F _dmfd dmfd
`;
}

function filesAfter(options) {
  return options
    .filter(({ takesValue, kind }) => takesValue && kind === 'file')
    .map(({ long }) => long)
    .join(' ');
}

function zsh() {
  const quoted = (text) => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&');
  const functions = commands.map(({ name, options, argument }) => {
    const lines = options.map(({ long, takesValue, kind, choices, description }) => {
      const action = choices.length > 0 ? `(${choices.join(' ')})` : kind === 'file' ? '_files' : '';
      return `    '*${long}[${quoted(description)}]${takesValue ? `:value:${action}` : ''}'`;
    });
    return `  (${name})
    _arguments -S \\\n${lines.map((line) => `  ${line}`).join(' \\\n')} \\
      '${{ file: '1:path:_files', device: '1:device:_dmfd_devices' }[argument] ?? '1: :'}' '*:: :_dmfd_command' ;;`;
  });
  return `#compdef dmfd
# zsh completion for dmfd. Made of the definitions of its commands.
_dmfd_command() {
  if [[ $words[CURRENT] == '{'* ]]; then
    compadd -- ${PLACEHOLDERS.map((word) => `'${word}'`).join(' ')}
  else
    _normal
  fi
}
_dmfd_devices() {
  compadd -- $(cat /sys/block/dm-*/dm/name(N) /dev/null)
}
_dmfd() {
  if ((CURRENT == 2)); then
    local -a commands=(
${commands.map(({ name, description }) => `      '${name}:${quoted(description)}'`).join('\n')}
    )
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${functions.join('\n')}
  esac
}
_dmfd "$@"
`;
}

function fish() {
  const quoted = (text) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = commands.flatMap(({ name, description, options, argument }) => [
    `complete -c dmfd -n __fish_use_subcommand -x -a ${name} -d ${quoted(description)}`,
    ...options.map(({ short, long, takesValue, kind, choices, description: what }) =>
      [
        `complete -c dmfd -n '__fish_seen_subcommand_from ${name}' -l ${long.slice(2)}`,
        short ? `-s ${short.slice(1)}` : '',
        takesValue ? (kind === 'file' ? '-r -F' : '-x') : '',
        choices.length > 0 ? `-a '${choices.join(' ')}'` : '',
        `-d ${quoted(what)}`,
      ]
        .filter(Boolean)
        .join(' '),
    ),
    ...(argument === 'file' ? [] : [`complete -c dmfd -n '__fish_seen_subcommand_from ${name}' -f`]),
    ...(argument === 'device'
      ? [`complete -c dmfd -n '__fish_seen_subcommand_from ${name}' -a '(${FISH_DEVICES})'`]
      : []),
  ]);
  return `# fish completion for dmfd. Made of the definitions of its commands.
${lines.join('\n')}
`;
}
