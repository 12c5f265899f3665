/**
 * Writes the completions of bash, zsh and fish, made of the definitions of the commands: node packaging/completions.mjs FOLDER
 * `make build` has to have run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program } from '../dist/cli/program.js';

/** In COMMAND; with a number, of a layer. */
const PLACEHOLDERS = [
  ...['{path}', '{fd}', '{dev}', '{name}', '{diskseq}'],
  ...['{path:0}', '{dev:0}', '{name:0}', '{diskseq:0}'],
];

/** As the PATH of a preset. */
const LAYERS = ['{below}', '{layer0}'];

/** In a table. */
const IN_TABLE = ['{loop0}', '{sectors0}', '{key}', ...LAYERS, '{below:sectors}', '{layer0:sectors}'];

/** Of options that take one of a few words, which their descriptions name. */
const CHOICES = { '--mode': ['auto', 'atomic', 'fallback'], '--udev': ['quiet', 'full', 'none'] };

/** What stands without an option. */
const ZSH_ARGUMENTS = {
  file: "'1:path:_files'",
  device: "'1:device:_dmfd_devices'",
  devices: "'*:device:_dmfd_devices'",
  // With an empty action, zsh would not complete what it offers.
  '': "'1: :()'",
};

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
    argument: argumentOf(command.name(), command.registeredArguments[0]?.name() ?? ''),
    options: [
      ...visible.map(({ short, long, required, optional, flags, description, argChoices }) => ({
        short,
        long,
        takesValue: required,
        mayHaveValue: optional,
        kind: kindOf(flags),
        choices: argChoices ?? choicesIn(long, description),
        placeholders: command.name() === 'create' ? placeholdersOf(long, flags) : [],
        description: description.replace(/ \((default|repeatable)[^)]*\)$/, ''),
      })),
      {
        short: '-h',
        long: '--help',
        takesValue: false,
        mayHaveValue: false,
        kind: '',
        choices: [],
        placeholders: [],
        description: 'print help',
      },
    ],
  };
}

/** NAME of `create` is a new one; that of `reap` a device's that is there. */
function argumentOf(command, word) {
  return command === 'reap' ? 'device' : kindOf(word);
}

/** Whether a value names a file or a device, by the word that stands for it in the help. */
function kindOf(word) {
  if (/FILE|PATH|BACKING|BASE|DATA|SOCKET|DIR/i.test(word)) return 'file';
  if (word === 'DEVICE') return 'device';
  return '';
}

function choicesIn(long, description) {
  const choices = CHOICES[long] ?? [];
  return choices.every((word) => description.includes(word)) ? choices : [];
}

function placeholdersOf(long, flags) {
  if (long === '--table') return IN_TABLE;
  return /PATH|BASE|DATA/.test(flags) ? LAYERS : [];
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
# Completes a word from its last brace on.
_dmfd_placeholders() {
  local word=\${1#[\\"\\']} each
  for each in "\${@:2}"; do
    [[ $each == "{\${word##*\\{}"* ]] && COMPREPLY+=("\${word%\\{*}$each")
  done
}
# In sysfs, names are written so that they have no blanks.
_dmfd_devices() {
  local name
  for name in $(cat /sys/block/dm-*/dm/name 2>/dev/null); do
    [[ $name == "$1"* ]] && COMPREPLY+=("$(printf %q "$name")")
  done
}
# bash completes files best itself, where it takes for a word what is one here.
_dmfd_files() {
  if [[ $word != "$piece" && $word != *[\\\\\\"\\']* ]]; then
    word=\${word##*=}
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  else
    compopt -o default
  fi
}
# The words up to the cursor, as they are typed: bash takes them apart at each = and :, and at @ where it completes hosts.
_dmfd_words() {
  local rest=$COMP_LINE joins blank each
  for each in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    blank=\${rest%%[![:blank:]]*}
    rest=\${rest#"$blank"}
    rest=\${rest#"$each"}
    if [[ -z $blank && ($each == [=:@]* || $joins) ]]; then
      words[-1]+=$each
    else
      words+=("$each")
    fi
    [[ $each == *[=:@] ]] && joins=1 || joins=
  done
}
_dmfd() {
  local words=() word piece=\${COMP_WORDS[COMP_CWORD]}
  _dmfd_words
  word=\${words[-1]}
  # What bash replaces: less than was completed, or, for who has bash not take words apart at a =, the option, too.
  [[ $piece == [=:@]* ]] && piece=
  _dmfd_complete
  local before= option= i
  if [[ $word == *"$piece" ]]; then
    before=\${word%"$piece"}
  elif [[ $word != [\\"\\']* ]]; then
    option=\${piece%"$word"}
  fi
  for i in "\${!COMPREPLY[@]}"; do
    COMPREPLY[i]=$option\${COMPREPLY[i]#"$before"}
  done
}
_dmfd_complete() {
  local last=$((\${#words[@]} - 1)) before=\${words[-2]} joined options files argument i
  for ((i = 2; i < last; i++)); do
    [[ \${words[i]} == -- ]] || continue
    if [[ $word == *'{'* ]]; then
      _dmfd_placeholders "$word" ${PLACEHOLDERS.map(quotedForShell).join(' ')}
    elif ((last == i + 1)); then
      COMPREPLY=($(compgen -c -- "$word"))
    else
      _dmfd_files
    fi
    return
  done
  if ((last == 1)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help --help --version' -- "$word"))
    return
  fi
  if [[ $word == --*=* ]]; then
    joined=1 before=\${word%%=*} word=\${word#*=}
  fi
  case \${words[1]} in
${cases}
    *) return ;;
  esac
${Object.entries(CHOICES)
  .map(
    ([long, words], index) => `  ${index === 0 ? 'if' : 'elif'} [[ $before == ${long} ]]; then
    COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word"))`,
  )
  .join('\n')}
  elif [[ $word == *'{'* && $before == --table ]]; then
    _dmfd_placeholders "$word" ${IN_TABLE.map(quotedForShell).join(' ')}
  elif [[ $word == *'{'* && " ${withLayers()} " == *" $before "* ]]; then
    _dmfd_placeholders "$word" ${LAYERS.map(quotedForShell).join(' ')}
  elif [[ " $files " == *" $before "* || ($argument == file && -z $joined && $word != -*) ]]; then
    _dmfd_files
  elif [[ -n $joined ]]; then
    return
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [[ $argument == device ]]; then
    _dmfd_devices "$word"
  fi
}
complete -F _dmfd dmfd
`;
}

function quotedForShell(word) {
  return `'${word}'`;
}

/** The options whose value may be a layer. */
function withLayers() {
  const options = commands.flatMap((command) => command.options);
  return options
    .filter(({ placeholders }) => placeholders === LAYERS)
    .map(({ long }) => long)
    .join(' ');
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
    const lines = options.flatMap((option) =>
      zshForms(option).map((form) => `    '*${form}[${quoted(option.description)}]${zshValue(option)}'`),
    );
    return `  (${name})
    _arguments -s -S \\\n${lines.map((line) => `  ${line}`).join(' \\\n')} \\
      ${ZSH_ARGUMENTS[name === 'reap' ? 'devices' : argument]} ;;`;
  });
  return `#compdef dmfd
# zsh completion for dmfd. Made of the definitions of its commands.
# Completes a word from its last brace on.
_dmfd_has_brace() {
  [[ $words[CURRENT] == *'{'* ]]
}
_dmfd_placeholders() {
  local word=\${\${words[CURRENT]#$IPREFIX}#[\\"\\']}
  local before=\${word%'{'*}
  # What is quoted behind a =, it writes with backslashes.
  [[ $PREFIX == *'\\{'* ]] && before=\${PREFIX%'{'*}
  compset -p $#before
  # Where it is not quoted, zsh has taken the brace out of it.
  if [[ $PREFIX == '{'* ]]; then
    compadd -Q -- $@
  else
    compadd -Q -S '' -- \${@#'{'}
  fi
}
_dmfd_command() {
  if _dmfd_has_brace; then
    _dmfd_placeholders ${PLACEHOLDERS.map(quotedForShell).join(' ')}
  else
    _normal
  fi
}
_dmfd_table() {
  _dmfd_has_brace && _dmfd_placeholders ${IN_TABLE.map(quotedForShell).join(' ')}
}
_dmfd_path() {
  if _dmfd_has_brace; then
    _dmfd_placeholders ${LAYERS.map(quotedForShell).join(' ')}
  else
    _files
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
  local -i end=\${words[(i)--]}
  if ((end < CURRENT)); then
    shift $end words
    ((CURRENT -= end))
    _dmfd_command
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

/** Whether a value may be a word of its own, or only behind a =. */
/** With a short one that is left out, zsh would take it for the argument. */
function zshForms({ short, long, takesValue, mayHaveValue }) {
  const ofLong = takesValue ? '=' : mayHaveValue ? '=-' : '';
  return [...(short ? [short + (takesValue ? '+' : '')] : []), long + ofLong];
}

function zshValue(option) {
  if (option.mayHaveValue) return '::value: ';
  return option.takesValue ? `:value:${zshAction(option)}` : '';
}

function zshAction({ kind, choices, placeholders }) {
  if (choices.length > 0) return `(${choices.join(' ')})`;
  if (placeholders === IN_TABLE) return '_dmfd_table';
  if (placeholders === LAYERS) return '_dmfd_path';
  return kind === 'file' ? '_files' : '';
}

function fish() {
  const quoted = (text) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = commands.flatMap(({ name, description, options, argument }) => [
    `complete -c dmfd -n __fish_use_subcommand -x -a ${name} -d ${quoted(description)}`,
    ...options.map(({ short, long, takesValue, kind, choices, placeholders, description: what }) =>
      [
        `complete -c dmfd -n '__fish_seen_subcommand_from ${name}' -l ${long.slice(2)}`,
        short ? `-s ${short.slice(1)}` : '',
        takesValue ? (kind === 'file' ? '-r -F' : '-x') : '',
        choices.length > 0 ? `-a '${choices.join(' ')}'` : '',
        placeholders.length > 0 ? `-a ${quoted(fishPlaceholders(placeholders))}` : '',
        `-d ${quoted(what)}`,
      ]
        .filter(Boolean)
        .join(' '),
    ),
    ...(argument === 'file' ? [] : [`complete -c dmfd -n '__fish_seen_subcommand_from ${name}' -f`]),
    ...(argument === 'device'
      ? [`complete -c dmfd -n '__fish_seen_subcommand_from ${name}' -a '(__dmfd_devices)'`]
      : []),
  ]);
  return `# fish completion for dmfd. Made of the definitions of its commands.
# A loop, unlike a command, may have a pattern that nothing matches.
function __dmfd_devices
    for name in /sys/block/dm-*/dm/name
        cat $name
    end
end
# Completes a word from its last brace on.
function __dmfd_placeholders
    set -l word (commandline -ct)
    __dmfd_is_in_command; or set word (string replace -r '^--[a-z-]+=' '' -- $word)
    set word (string replace -r '^[\\'"]' '' -- $word)
    string match -q '*{*' -- $word; or return
    set -l before (string replace -r '\\{[^{]*$' '' -- $word)
    for each in $argv
        printf '%s\\n' "$before$each"
    end
end
function __dmfd_is_in_command
    contains -- -- (commandline -opc)
end
function __dmfd_command
    set -l words (commandline -opc)
    set -e words[1..(contains -i -- -- $words)]
    set -l word (commandline -ct)
    if string match -q '*{*' -- $word
        ${fishPlaceholders(PLACEHOLDERS).slice(1, -1)}
    else
        complete -C (string join ' ' -- (for each in $words; string escape -- $each; end) "$word")
    end
end
complete -c dmfd -n __dmfd_is_in_command -x -a '(__dmfd_command)'
${lines.join('\n')}
`;
}

function fishPlaceholders(words) {
  return `(__dmfd_placeholders ${words.map(quotedForShell).join(' ')})`;
}
